import { opencodeFamily } from './family.js';

export const opencode = opencodeFamily({
  name: 'opencode',
  label: 'opencode',
  program: 'opencode',
  packages: ['opencode-ai'],
  no_conversation: [],
  folder: 'opencode',
  database: 'opencode.db',
});
