import { z } from 'zod';
import { type Change, ChangeError } from '../../config/change.js';
import { EditError } from '../../config/edit.js';
import { WriteError } from '../../config/file.js';
import { ConfigError } from '../../config/load.js';
import { changesOf, configReport, PartialConfigError } from '../runaway-guard/config.js';
import { type CommandContext, command, mustSeeAll, none, RequestError } from './definition.js';

const WHOSE = 'the configuration is everybody’s';

/** About the configuration. */
export const configCommands = {
  get_config: command({
    params: none,
    open: false,
    run: (_, context) => {
      mustSeeAll(context, WHOSE);
      return configReport(context.view.config());
    },
  }),
  update_config: command({
    params: z.record(z.string(), z.unknown()),
    open: false,
    run: (partial, context) => {
      mustSeeAll(context, WHOSE);
      const { view } = context;
      return refused(() => {
        const changes = changesOf(partial, view.config());
        mustBeAllowed(changes, context);
        return view.updateConfig(changes);
      });
    },
  }),
  reload_config: command({
    params: none,
    open: false,
    run: (_, context) => {
      mustSeeAll(context, WHOSE);
      return refused(() => context.view.reloadConfig());
    },
  }),
};

/** Some keys decide what the daemon does with its own rights. @throws RequestError */
function mustBeAllowed(changes: readonly Change[], { isOwner }: CommandContext): void {
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
