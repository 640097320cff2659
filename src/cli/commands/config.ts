import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Changed, ChangeError, changeConfig } from '../../config/change.js';
import { EditError, tomlValue } from '../../config/edit.js';
import { type ConfigKey, configKeys, findKey, findKeys, valueAt, valueFrom } from '../../config/keys.js';
import { loadConfig, parseConfig, parseToml, readConfigText } from '../../config/load.js';
import { shownConfig } from '../../config/shown.js';
import { printable } from '../../text/printable.js';
import { JSON_OPTION } from '../answer.js';
import { defineCommand, OK } from '../command.js';
import { configPath, existence, FILE_OPTION, tellDaemon } from '../config-file.js';
import { editConfig } from '../edit-config.js';
import type { Io } from '../io.js';
import { paint } from '../style.js';

const KEY = { type: 'string', describe: 'Name of the key, e.g. actions.mode' } as const;

export const configShow = defineCommand({
  usage: 'config show',
  describe: 'Show the configuration as it is in effect, and which of it are defaults',
  details: [
    'What the file does not name is marked as default. All keys and their meanings: /usr/share/doc/vigil/docs/configuration.md.',
  ],
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const path = configPath(args, io);
    if (args.json) {
      const { config, file } = read(path);
      const set = configKeys()
        .filter(key => valueAt(file, key.path) !== undefined)
        .map(({ name }) => name);
      io.out(`${JSON.stringify({ file: path, exists: existsSync(path), set, config }, null, 2)}\n`);
    } else {
      io.out(`${paint(`# ${printable(path, 300)}: ${existence(path)}`, ['dim'], io.color)}\n`);
      print(path, configKeys(), io);
    }
    return OK;
  },
});

export const configGet = defineCommand({
  usage: 'config get <key>',
  describe: 'Print the value of a key, or all keys of a table',
  positionals: { key: KEY },
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const path = configPath(args, io);
    const name = args.positional.key!;
    const [key, ...more] = findKeys(name) as [ConfigKey, ...ConfigKey[]];
    const value = valueAt(read(path).config, name.split('.'));
    if (args.json) io.out(`${JSON.stringify(value ?? null, null, 2)}\n`);
    else if (key.name !== name || key.type === 'tables') print(path, [key, ...more], io);
    else if (value === undefined) io.err(`vigil: ${name} is not set, and has no default\n`);
    else io.out(`${typeof value === 'string' ? printable(value, 4096) : tomlValue(value)}\n`);
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
    const path = configPath(args, io);
    const key = findKey(args.positional.key!);
    const changed = change(path, key, valueFrom(key, args.positional.value!));
    return report(path, changed, args, io);
  },
});

export const configUnset = defineCommand({
  usage: 'config unset <key>',
  describe: 'Take a key out of the file: its default holds again',
  positionals: { key: KEY },
  options: FILE_OPTION,
  async run(args, io) {
    const path = configPath(args, io);
    return report(path, change(path, findKey(args.positional.key!), undefined), args, io);
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
    return editConfig(configPath(args, io), args, io);
  },
});

export const configPathCommand = defineCommand({
  usage: 'config path',
  describe: 'Print which file is read, and say whether it exists',
  options: { ...FILE_OPTION, json: JSON_OPTION },
  async run(args, io) {
    const path = configPath(args, io);
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
    const path = named === undefined ? configPath(args, io) : resolve(named);
    const loaded = loadConfig(path, { explicit: named !== undefined });
    io.out(
      `${printable(path, 300)} ${loaded.path === null ? 'does not exist: the defaults hold' : 'is right'}.\n`,
    );
    return OK;
  },
});

/** The effective configuration and what the file holds of it. @throws ConfigError */
function read(path: string) {
  const text = readConfigText(path, false) ?? '';
  return { config: parseConfig(text, path), file: parseToml(text, path) };
}

function print(path: string, keys: readonly ConfigKey[], io: Io): void {
  const { config, file } = read(path);
  for (const { text, is_default } of shownConfig(config, file, keys)) {
    const shown = printable(text, 100_000);
    io.out(is_default ? `${paint(`${shown}  # default`, ['dim'], io.color)}\n` : `${shown}\n`);
  }
}

function change(path: string, key: ConfigKey, value: unknown): Changed {
  try {
    return changeConfig(path, [{ key, value }]);
  } catch (error) {
    if (error instanceof EditError) throw new ChangeError(`${error.message}: vigil config edit`);
    throw error;
  }
}

async function report(
  path: string,
  { keys }: Changed,
  args: { config: string | undefined; runtimeDir: string | undefined },
  io: Io,
): Promise<number> {
  const shown = (value: unknown) => (value === undefined ? 'not set' : printable(tomlValue(value), 500));
  for (const { name, from, to } of keys)
    io.out(`${name} is ${shown(to)} (was ${shown(from)}) in ${printable(path, 300)}\n`);
  if (keys.length === 0) {
    io.out('That is its value already.\n');
    return OK;
  }
  const names = keys.map(({ name }) => name);
  for (const line of await tellDaemon(path, names, args)) io.out(`${line}\n`);
  return OK;
}
