import { existsSync } from 'node:fs';
import { tomlValue } from '../../config/edit.js';
import { type ConfigKey, configKeys, findKeys, valueAt } from '../../config/keys.js';
import { parseConfig, parseFile, readConfigText } from '../../config/load.js';
import { renamedText } from '../../config/renamed.js';
import { shownConfig } from '../../config/shown.js';
import { printable } from '../../lib/text/printable.js';
import type { Io } from '../io.js';
import { paint } from '../ui/style.js';
import { existence } from './config-file.js';

interface Form {
  json: boolean;
}

/** `vigil config show` */
export function showConfig(path: string, { json }: Form, io: Io): void {
  if (json) {
    const { config, file } = read(path);
    const set = configKeys()
      .filter(key => valueAt(file, key.path) !== undefined)
      .map(({ name }) => name);
    io.out(`${JSON.stringify({ file: path, exists: existsSync(path), set, config }, null, 2)}\n`);
  } else {
    io.out(`${paint(`# ${printable(path, 300)}: ${existence(path)}`, ['dim'], io.color)}\n`);
    print(path, configKeys(), io);
  }
}

/** `vigil config get` */
export function showKey(path: string, name: string, { json }: Form, io: Io): void {
  const [key, ...more] = findKeys(name) as [ConfigKey, ...ConfigKey[]];
  warnOfFormerName(name, io);
  const isKey = more.length === 0 && (key.name === name || key.formerly.includes(name));
  const value = valueAt(read(path).config, isKey ? key.path : name.split('.'));
  if (json) io.out(`${JSON.stringify(value ?? null, null, 2)}\n`);
  else if (!isKey || key.type === 'tables') print(path, [key, ...more], io);
  else if (value === undefined) io.err(`vigil: ${name} is not set, and has no default\n`);
  else io.out(`${typeof value === 'string' ? printable(value, 4096) : tomlValue(value)}\n`);
}

/** Somebody names a key as it was called before. */
export function warnOfFormerName(name: string, io: Io): void {
  const key = configKeys().find(({ formerly }) => formerly.includes(name));
  if (key !== undefined) io.err(`vigil: ${renamedText({ former: name, name: key.name, ignored: false })}\n`);
}

/** The effective configuration and what the file holds of it. @throws ConfigError */
function read(path: string) {
  const text = readConfigText(path, false) ?? '';
  return { config: parseConfig(text, path), file: parseFile(text, path) };
}

function print(path: string, keys: readonly ConfigKey[], io: Io): void {
  const { config, file } = read(path);
  for (const { text, is_default } of shownConfig(config, file, keys)) {
    const shown = printable(text, 100_000);
    io.out(is_default ? `${paint(`${shown}  # default`, ['dim'], io.color)}\n` : `${shown}\n`);
  }
}
