// Writes what is generated: man/vigil.1 from the commands, docs/configuration.md from the config's schema.
import { writeFileSync } from 'node:fs';
import { COMMANDS } from '../dist/cli/commands/index.js';
import { manPage } from '../dist/cli/man.js';
import { configReference } from '../dist/config/reference.js';
import { VERSION } from '../dist/package.js';

const write = (path, text) => writeFileSync(new URL(`../${path}`, import.meta.url), text);
write('man/vigil.1', manPage(COMMANDS, VERSION));
write('docs/configuration.md', configReference());
