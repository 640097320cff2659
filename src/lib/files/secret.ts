import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../text/printable.js';
import { errorWords } from './error-words.js';

/**
 * Secrets that the configuration names and never holds: the key of a model's API, the address of a webhook.
 * They are read each time they are needed, so that a new one needs no restart.
 */

export const MAX_SECRET_BYTES = 8192;

export interface SecretPlace {
  /** Name of the environment variable, and of the systemd credential. */
  env: string | undefined;
  /** Absolute path of a file that holds nothing else. */
  file: string | undefined;
}

export type Secret =
  | { ok: true; value: string; source: string }
  /** `message` says what to change; `absent`: nobody set it, which may be fine. */
  | { ok: false; absent: boolean; message: string };

/** First the environment, then `$CREDENTIALS_DIRECTORY/NAME` (systemd.exec(5)), then the file. */
export function readSecret(place: SecretPlace, env: NodeJS.ProcessEnv): Secret {
  const name = place.env;
  if (name !== undefined) {
    const value = env[name]?.trim() ?? '';
    if (value !== '') return checked(value, `$${name}`);
    const directory = env.CREDENTIALS_DIRECTORY ?? '';
    if (directory !== '') {
      const credential = readSecretFile(join(directory, name), `the credential ${name}`);
      if (credential.ok || !credential.absent) return credential;
    }
  }
  if (place.file !== undefined) return readSecretFile(place.file, printable(place.file, 300));
  return { ok: false, absent: true, message: name === undefined ? 'none is named' : `$${name} is not set` };
}

function readSecretFile(path: string, source: string): Secret {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return refused(`${source} is not there`, true);
    return refused(`${source} cannot be read: ${errorWords(error)}`);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return refused(`${source} is not a regular file`);
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.()) {
      return refused(`${source} belongs to uid ${stat.uid}: it must be root's or the daemon's own user's`);
    }
    // Group read is a choice (0640 root:vigil); others and group write are mistakes.
    if ((stat.mode & 0o027) !== 0) return refused(`${source} may be used by others; chmod 0600 it`);
    if (stat.size > MAX_SECRET_BYTES) return refused(`${source} is larger than ${MAX_SECRET_BYTES} bytes`);
    const buffer = Buffer.alloc(MAX_SECRET_BYTES);
    const text = buffer
      .subarray(0, readSync(fd, buffer, 0, buffer.length, 0))
      .toString('utf8')
      .trim();
    return text === '' ? refused(`${source} is empty`) : checked(text, source);
  } catch (error) {
    return refused(`${source} cannot be read: ${errorWords(error)}`);
  } finally {
    closeSync(fd);
  }
}

/** It goes into headers and addresses: one line of visible ASCII. */
function checked(value: string, source: string): Secret {
  if (/^[\x21-\x7e]+$/.test(value)) return { ok: true, value, source };
  return refused(`${source} holds more than one word of plain ASCII`);
}

function refused(message: string, absent = false): Secret {
  return { ok: false, absent, message };
}
