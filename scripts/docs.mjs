// Writes what is generated: man/vigil.1 from the commands, docs/api.md from those of the socket,
// docs/configuration.md from the config's schema, and in
// docs/rules.md the table of all rules from that schema's defaults, in docs/states.md what each agent type tells.
import { readFileSync, writeFileSync } from 'node:fs';
import { withAgentsTable } from '../dist/agents/reference.js';
import { apiReference } from '../dist/api/reference.js';
import { allCommands } from '../dist/cli/commands/index.js';
import { manPage } from '../dist/cli/man.js';
import { configReference } from '../dist/config/reference.js';
import { VERSION } from '../dist/lib/files/package.js';
import { withRulesTable } from '../dist/rules/reference.js';

const at = path => new URL(`../${path}`, import.meta.url);
const write = (path, text) => writeFileSync(at(path), text);
write('man/vigil.1', manPage(await allCommands(), VERSION));
write('docs/api.md', apiReference());
write('docs/configuration.md', configReference());
write('docs/rules.md', withRulesTable(readFileSync(at('docs/rules.md'), 'utf8')));
write('docs/states.md', withAgentsTable(readFileSync(at('docs/states.md'), 'utf8')));
