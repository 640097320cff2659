import { z } from 'zod';
import { MATCH_TYPES } from '../../rules/allowlist/whitelist.js';
import { command, mustSeeAll, none, RequestError } from './definition.js';

/** About processes that are not to be reported. */
export const whitelistCommands = {
  list_whitelist: command({
    params: none,
    open: false,
    run: (_, { view, sees, broadcast }) => {
      broadcast();
      // Why something is left alone may speak of others' processes.
      const entries = view.whitelist();
      return sees.kind === 'all' ? entries : entries.map(entry => ({ ...entry, reason: '' }));
    },
  }),
  add_whitelist: command({
    params: z.strictObject({
      pattern: z.string(),
      match_type: z.enum(MATCH_TYPES).default('name'),
      reason: z.string().max(500).default(''),
    }),
    open: false,
    run: async (entry, context) => {
      mustSeeAll(context, 'the whitelist is everybody’s');
      try {
        return await context.view.addToWhitelist(entry);
      } catch (error) {
        throw isNotWritten(error) ?? new RequestError('bad_request', (error as Error).message);
      }
    },
  }),
  remove_whitelist: command({
    params: z.strictObject({ id: z.int().min(1) }),
    open: false,
    run: async ({ id }, context) => {
      mustSeeAll(context, 'the whitelist is everybody’s');
      const removed = await context.view.removeFromWhitelist(id).catch(error => {
        throw isNotWritten(error) ?? error;
      });
      if (!removed) {
        throw new RequestError(
          'not_found',
          `the whitelist has no entry ${id}; those of the configuration are removed there`,
        );
      }
      return { removed: id };
    },
  }),
};

/** By its name: the class is the daemon's. */
function isNotWritten(error: unknown): RequestError | null {
  return error instanceof Error && error.name === 'NotWrittenError'
    ? new RequestError('not_ready', error.message)
    : null;
}
