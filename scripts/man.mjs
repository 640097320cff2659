// Writes man/vigil.1 from the definitions of the commands. Run it after `make build`.
import { writeFileSync } from 'node:fs';
import { COMMANDS } from '../dist/cli/commands/index.js';
import { manPage } from '../dist/cli/man.js';
import { VERSION } from '../dist/package.js';

writeFileSync(new URL('../man/vigil.1', import.meta.url), manPage(COMMANDS, VERSION));
