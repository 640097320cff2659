import { type ApiClient, ApiError, connectToDaemon, NotRunningError } from '../../api/client/index.js';
import { findKey } from '../../config/keys.js';
import { printable } from '../../lib/text/printable.js';
import type { FileArgs } from './config-file.js';

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
