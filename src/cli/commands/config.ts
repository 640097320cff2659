import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION } from '../answer.js';
import { defineCommand, OK } from '../command.js';
import { configPath, existence, FILE_OPTION } from '../config/config-file.js';

const KEY = { type: 'string', describe: 'Name of the key, e.g. actions.mode' } as const;

export const configShow = defineCommand({
  usage: 'config show',
  describe: 'Show the configuration as it is in effect, and which of it are defaults',
  details: [
    'What the file does not name is marked as default. All keys and their meanings: /usr/share/doc/vigil/docs/configuration.md.',
  ],
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const { showConfig } = await import('../config/show-config.js');
    showConfig(await configPath(args, io), args, io);
    return OK;
  },
});

export const configGet = defineCommand({
  usage: 'config get <key>',
  describe: 'Print the value of a key, or all keys of a table',
  positionals: { key: KEY },
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const { showKey } = await import('../config/show-config.js');
    showKey(await configPath(args, io), args.positional.key!, args, io);
    return OK;
  },
});

export const configSet = defineCommand({
  usage: 'config set <key> <value>',
  describe: 'Set a key in the file; comments and everything else stay',
  details: [
    'Texts need no quotes, lists are written ["a", "b"] or a,b. A value that begins with a dash goes after --.',
    'The whole file is checked first: what vigil would refuse is not written. A daemon that runs is told, and what it cannot take over at once is named.',
  ],
  positionals: { key: KEY, value: { type: 'string', describe: 'Its value' } },
  options: FILE_OPTION,
  async run(args, io) {
    const { setInFile } = await import('../config/change-config.js');
    return setInFile(await configPath(args, io), args.positional.key!, args.positional.value!, args, io);
  },
});

export const configUnset = defineCommand({
  usage: 'config unset <key>',
  describe: 'Take a key out of the file: its default holds again',
  positionals: { key: KEY },
  options: FILE_OPTION,
  async run(args, io) {
    const { unsetInFile } = await import('../config/change-config.js');
    return unsetInFile(await configPath(args, io), args.positional.key!, args, io);
  },
});

export const configEdit = defineCommand({
  usage: 'config edit',
  describe: 'Edit the file with $VISUAL or $EDITOR; a mistake never gets into it',
  details: [
    'A copy is edited and checked; only what is right replaces the file. After a mistake it can be edited again, and what is given up is kept beside, where it says.',
  ],
  options: FILE_OPTION,
  async run(args, io) {
    const { editConfig } = await import('../config/edit-config.js');
    return editConfig(await configPath(args, io), args, io);
  },
});

export const configPathCommand = defineCommand({
  usage: 'config path',
  describe: 'Print which file is read, and say whether it exists',
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const path = await configPath(args, io);
    if (args.json) io.out(`${JSON.stringify({ file: path, exists: existsSync(path) })}\n`);
    else {
      io.out(`${printable(path, 4096)}\n`);
      io.err(`vigil: ${existence(path)}\n`);
    }
    return OK;
  },
});

export const configCheck = defineCommand({
  usage: 'config check [file]',
  describe: 'Check a configuration file: all mistakes, with their lines',
  details: ['Exits 0 when it is right, 2 when it is not.'],
  positionals: { file: { type: 'string', describe: 'The file: without it the one that is read' } },
  options: FILE_OPTION,
  async run(args, io) {
    const named = args.positional.file !== '' ? args.positional.file : args.config;
    const path = named === undefined ? await configPath(args, io) : resolve(named);
    const { formatProblem, loadConfig } = await import('../../config/load.js');
    const loaded = loadConfig(path, { explicit: named !== undefined });
    for (const warning of loaded.warnings) io.err(`${formatProblem(warning)}\n`);
    io.out(
      `${printable(path, 300)} ${loaded.path === null ? 'does not exist: the defaults hold' : 'is right'}.\n`,
    );
    return OK;
  },
});
