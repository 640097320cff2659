import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ApiClient, ApiError, connectToDaemon, NotRunningError } from '../../api/client/index.js';
import { configKeys, findKey } from '../../config/keys.js';
import { renamedText } from '../../config/renamed.js';
import { printable } from '../../lib/text/printable.js';
import { clientRuntimeDir, defaultPlaces } from '../../model/places.js';
import { askDaemon } from '../ask-daemon.js';
import type { Io } from '../io.js';

/** What the commands of `vigil config` have in common. */

export const FILE_OPTION = {
  config: {
    type: 'string',
    requiresArg: true,
    describe:
      'Configuration file: without it the one that the daemon reads which the other commands speak to',
  },
} as const;

export interface FileArgs {
  config: string | undefined;
  runtimeDir: string | undefined;
}

/**
 * The file that is meant: the one that was named, or the one that the addressed daemon reads. Where none runs and
 * none was named, the one that a daemon of this user would read.
 */
export async function configPath({ config, runtimeDir }: FileArgs, io: Io): Promise<string> {
  if (config !== undefined) return resolve(config);
  const named = clientRuntimeDir(runtimeDir, io.env);
  try {
    return await askDaemon(runtimeDir, async client => (await client.call('health')).config.file);
  } catch (error) {
    const isAbsent = error instanceof NotRunningError;
    if (isAbsent && error.isNowhere && named === undefined)
      return defaultPlaces(process.geteuid!(), io.env).config;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`which file that daemon reads could not be asked: ${why}\nName the file: --config FILE`);
  }
}

/**
 * What became of the change, a line each: by a daemon that reads this very file, which is told to; or by none.
 * Never fails: the file is written already.
 */
export async function reloadDaemon(path: string, keys: readonly string[], args: FileArgs): Promise<string[]> {
  let client: ApiClient;
  try {
    client = await connectToDaemon({ runtimeDir: args.runtimeDir });
  } catch (error) {
    if (error instanceof NotRunningError) return ['No daemon runs: it holds from the next start on.'];
    throw error;
  }
  try {
    const { config } = await client.call('health');
    if (config.file !== path)
      return [`The daemon that runs reads another file: ${printable(config.file, 300)}.`];
    await client.call('reload_config');
    const waiting = keys.filter(key => !findKey(key).live);
    const live = keys.filter(key => findKey(key).live);
    return [
      ...(live.length === 0 ? [] : [`In effect now: ${live.join(', ')}.`]),
      ...(waiting.length === 0 ? [] : [`Needs a restart (systemctl restart vigil): ${waiting.join(', ')}.`]),
    ];
  } catch (error) {
    if (error instanceof ApiError)
      return [`The daemon did not take it over: ${printable(error.message, 1000)}`];
    throw error;
  } finally {
    client.close();
  }
}

/** Somebody names a key as it was called before. */
export function warnOfFormerName(name: string, io: Io): void {
  const key = configKeys().find(({ formerly }) => formerly.includes(name));
  if (key !== undefined) io.err(`vigil: ${renamedText({ former: name, name: key.name, ignored: false })}\n`);
}

export function existence(path: string): string {
  return existsSync(path) ? 'it exists' : 'it does not exist: the defaults hold';
}
