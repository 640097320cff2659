import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfigFile, replaceConfigFile } from '../../config/file.js';
import { configKeys, valueAt } from '../../config/keys.js';
import { ConfigError, MAX_CONFIG_BYTES, parseConfig } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { readWhole, TooLargeError } from '../../lib/files/bounded-read.js';
import { printable } from '../../lib/text/printable.js';
import { CANNOT, OK } from '../command.js';
import type { Io } from '../io.js';
import type { FileArgs } from './config-file.js';
import { reloadDaemon } from './reload-daemon.js';

/** For a file that is not there yet. */
const TEMPLATE = '# All keys and their defaults: vigil config show\n';

const TOO_LARGE = `it is larger than ${MAX_CONFIG_BYTES} bytes`;

/** `vigil config edit`. Answers the exit code. */
export async function editConfig(path: string, args: FileArgs, io: Io): Promise<number> {
  const file = openConfigFile(path);
  const before = effective(file.text, path);
  const folder = mkdtempSync(join(tmpdir(), 'vigil-edit-'));
  const copy = join(folder, 'config.toml');
  const start = file.stat === null ? TEMPLATE : file.text;
  writeFileSync(copy, start, { mode: 0o600 });
  let keep = false;
  try {
    for (;;) {
      runEditor(copy, io);
      const text = readCopy(copy);
      if (text === start) {
        io.out('Nothing was changed.\n');
        return OK;
      }
      const mistakes = text === null ? TOO_LARGE : mistakesOf(text, path);
      if (text !== null && mistakes === null) {
        keep = true;
        replaceConfigFile(file, text);
        keep = false;
        io.out(`${printable(path, 300)} is written.\n`);
        const keys = changedKeys(before, parseConfig(text, path));
        for (const line of await reloadDaemon(path, keys, args)) io.out(`${line}\n`);
        return OK;
      }
      for (const mistake of (mistakes ?? '').split('\n')) io.err(`vigil: ${printable(mistake, 2000)}\n`);
      const answer = await io.ask('Edit it again? [Y/n] ');
      if (answer === null || /^n(o)?$/i.test(answer.trim())) {
        keep = true;
        io.err(`vigil: ${printable(path, 300)} is as it was\n`);
        return CANNOT;
      }
    }
  } finally {
    if (keep) io.err(`vigil: what you wrote is kept in ${printable(copy, 300)}\n`);
    else rmSync(folder, { recursive: true });
  }
}

/** Null: no editor wrote that for a configuration. */
function readCopy(copy: string): string | null {
  try {
    return readWhole(copy, MAX_CONFIG_BYTES).toString('utf8');
  } catch (error) {
    if (error instanceof TooLargeError) return null;
    throw error;
  }
}

/** The words of $VISUAL or $EDITOR, without a shell: quotes mean nothing in them. */
function runEditor(file: string, io: Io): void {
  const chosen = [io.env.VISUAL, io.env.EDITOR].find(one => one !== undefined && one.trim() !== '') ?? 'vi';
  const [program, ...words] = chosen.trim().split(/\s+/) as [string, ...string[]];
  const { error, status, signal } = spawnSync(program, [...words, file], { stdio: 'inherit' });
  const shown = printable(program, 200);
  if (error !== undefined) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`cannot start the editor ${shown} (${code}): set EDITOR, or use vigil config set`);
  }
  if (status !== 0)
    throw new Error(`the editor ${shown} ended with ${signal ?? `exit code ${status}`}: nothing is changed`);
}

/** Null: there are none. */
function mistakesOf(text: string, path: string): string | null {
  try {
    parseConfig(text, path);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** Null: it was broken. */
function effective(text: string, path: string): Config | null {
  try {
    return parseConfig(text, path);
  } catch {
    return null;
  }
}

function changedKeys(before: Config | null, after: Config): string[] {
  return configKeys()
    .filter(({ path }) => JSON.stringify(valueAt(before, path)) !== JSON.stringify(valueAt(after, path)))
    .map(({ name }) => name);
}
