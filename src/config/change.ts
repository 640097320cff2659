import { setKey, unsetKey } from './edit.js';
import { type ConfigFile, openConfigFile, replaceConfigFile } from './file.js';
import { type ConfigKey, valueAt } from './keys.js';
import { ConfigError, formatProblem, parseConfig, parseFile } from './load.js';
import type { Config } from './schema.js';

/** Some keys of the file, changed together: checked as a whole first, written when all of it is right. */

/** The change is refused. A line for each reason; the file is untouched. */
export class ChangeError extends Error {
  override readonly name = 'ChangeError';
}

export interface Change {
  key: ConfigKey;
  /** Undefined: back to its default. */
  value: unknown;
}

export interface Changed {
  /** Of those asked for: the keys whose effective value is another now, with the one before. */
  keys: { name: string; from: unknown; to: unknown }[];
  config: Config;
}

/** @throws ChangeError, ConfigError, EditError, WriteError */
export function changeConfig(path: string, changes: readonly Change[]): Changed {
  const file = openConfigFile(path);
  const before = parseFile(file.text, path);
  let { text } = file;
  for (const { key, value } of changes) {
    if (key.type === 'tables') throw new ChangeError(`"${key.name}" is a list of tables: vigil config edit`);
    for (const former of key.formerly) text = unsetKey(text, former.split('.'));
    text = value === undefined ? unsetKey(text, key.path) : setKey(text, key.path, value);
  }
  const config = checkedConfig(text, file, changes);
  if (text !== file.text) replaceConfigFile(file, text);
  const defaults = parseConfig('', path);
  const keys = changes.map(({ key }) => ({
    name: key.name,
    from: valueAt(before, key.path) ?? valueAt(defaults, key.path),
    to: valueAt(config, key.path),
  }));
  return { keys: keys.filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to)), config };
}

function checkedConfig(text: string, { path }: ConfigFile, changes: readonly Change[]): Config {
  try {
    return parseConfig(text, path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const asked = new Set(changes.map(({ key }) => key.name));
    // The lines of what was asked for are lines of a text that nobody gets to see.
    const lines = error.problems.map(problem =>
      problem.key !== null && [...asked].some(name => `${problem.key}.`.startsWith(`${name}.`))
        ? problem.message
        : formatProblem(problem),
    );
    throw new ChangeError([...new Set(lines)].join('\n'));
  }
}
