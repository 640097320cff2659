import { z } from 'zod';
import { type Change, ChangeError } from '../../../config/change.js';
import { EditError } from '../../../config/edit.js';
import { WriteError } from '../../../config/file.js';
import { ConfigError } from '../../../config/load.js';
import { RequestError } from '../../protocol.js';
import { reloadedSchema } from '../../reports/configuration.js';
import { changesOf, configReport, PartialConfigError } from '../../runaway-guard/config.js';
import { admins, type Caller, defineCommand, none } from '../definition.js';

const access = admins('the configuration is everybody’s');

export const getConfig = defineCommand({
  name: 'get_config',
  description: 'the configuration of the file and its defaults, with RunawayGuard’s names beside ours',
  access,
  pace: 'quick',
  params: none,
  result: z.record(z.string(), z.unknown()).describe('tables and keys as in docs/configuration.md'),
  run: ({ configuration }) => configReport(configuration.configured),
});

export const updateConfig = defineCommand({
  name: 'update_config',
  description: 'changes the file, and takes it over; `denied`: a key is root’s',
  access,
  pace: 'quick',
  params: z
    .record(z.string(), z.unknown())
    .describe('tables and keys as in `get_config`; null: the key’s default'),
  result: reloadedSchema,
  run: ({ configuration }, partial, caller) =>
    refused(() => {
      const changes = changesOf(partial, configuration.configured);
      mustBeAllowed(changes, caller);
      return configuration.update(changes);
    }),
});

export const reloadConfig = defineCommand({
  name: 'reload_config',
  description: 'reads the file again; `bad_request`: it is broken, and the configuration before it stays',
  access,
  pace: 'quick',
  params: none,
  result: reloadedSchema,
  run: ({ configuration }) => refused(() => configuration.reload()),
});

/** Some keys decide what the daemon does with its own rights. @throws RequestError */
function mustBeAllowed(changes: readonly Change[], { isOwner }: Caller): void {
  const names = changes.filter(({ key }) => key.changed_by === 'root').map(({ key }) => `"${key.name}"`);
  if (isOwner || names.length === 0) return;
  const what = names.length === 1 ? `${names[0]} is` : `${names.join(', ')} are`;
  throw new RequestError(
    'denied',
    `${what} for root to change, or the user of the daemon (as root: vigil config set, vigil config edit)`,
  );
}

/** What is wrong with the file or the change is the business of the one who asks. */
function refused<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const kind of [ChangeError, ConfigError, EditError, PartialConfigError, WriteError])
      if (error instanceof kind) throw new RequestError('bad_request', error.message);
    throw error;
  }
}
