import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { NotRunningError } from '../../api/client/index.js';
import { clientRuntimeDir, defaultPlaces } from '../../model/places.js';
import { askDaemon } from '../ask-daemon.js';
import type { Io } from '../io.js';

/** What the definitions of `vigil config` need: no schema, which takes long to load. */

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

export function existence(path: string): string {
  return existsSync(path) ? 'it exists' : 'it does not exist: the defaults hold';
}
