import { type Changed, ChangeError, changeConfig } from '../../config/change.js';
import { EditError, tomlValue } from '../../config/edit.js';
import { type ConfigKey, findKey, valueFrom } from '../../config/keys.js';
import { printable } from '../../lib/text/printable.js';
import { OK } from '../command.js';
import type { Io } from '../io.js';
import type { FileArgs } from './config-file.js';
import { reloadDaemon } from './reload-daemon.js';
import { warnOfFormerName } from './show-config.js';

/** `vigil config set`. Answers the exit code. */
export async function setInFile(
  path: string,
  name: string,
  typed: string,
  args: FileArgs,
  io: Io,
): Promise<number> {
  const key = findKey(name);
  warnOfFormerName(name, io);
  return report(path, change(path, key, valueFrom(key, typed)), args, io);
}

/** `vigil config unset`. Answers the exit code. */
export async function unsetInFile(path: string, name: string, args: FileArgs, io: Io): Promise<number> {
  warnOfFormerName(name, io);
  return report(path, change(path, findKey(name), undefined), args, io);
}

function change(path: string, key: ConfigKey, value: unknown): Changed {
  try {
    return changeConfig(path, [{ key, value }]);
  } catch (error) {
    if (error instanceof EditError) throw new ChangeError(`${error.message}: vigil config edit`);
    throw error;
  }
}

async function report(path: string, { keys }: Changed, args: FileArgs, io: Io): Promise<number> {
  const shown = (value: unknown) => (value === undefined ? 'not set' : printable(tomlValue(value), 500));
  for (const { name, from, to } of keys)
    io.out(`${name} is ${shown(to)} (was ${shown(from)}) in ${printable(path, 300)}\n`);
  if (keys.length === 0) {
    io.out(`That is its value already in ${printable(path, 300)}.\n`);
    return OK;
  }
  const names = keys.map(({ name }) => name);
  for (const line of await reloadDaemon(path, names, args)) io.out(`${line}\n`);
  return OK;
}
