import { z } from 'zod';
import { ChangeError } from '../../config/change.js';
import { EditError } from '../../config/edit.js';
import { WriteError } from '../../config/file.js';
import { ConfigError } from '../../config/load.js';
import { changesOf, configReport, PartialConfigError } from '../runaway-guard-config.js';
import { command, mustSeeAll, none, RequestError } from './definition.js';

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
      return refused(() => view.updateConfig(changesOf(partial, view.config())));
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
