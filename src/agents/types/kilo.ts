import { opencodeFamily } from './opencode/family.js';

/** Kilo's terminal program, a descendant with the same database. */
export const kilo = opencodeFamily({
  name: 'kilo',
  label: 'Kilo',
  program: 'kilo',
  packages: ['@kilocode/cli', '@kilocode/cli-linux-x64'],
  no_conversation: [
    ...['console', 'cloud', 'roll-call', 'profile', 'remote', 'daemon', 'config', 'worktree', 'help'],
  ],
  folder: 'kilo',
  database: 'kilo.db',
});
