import { z } from 'zod';
import { list } from '../../../model/schema.js';
import { MATCH_TYPES } from '../../../rules/allowlist/whitelist.js';
import { RequestError } from '../../protocol.js';
import { whitelistEntrySchema } from '../../reports/configuration.js';
import { runawayGuardStream } from '../../runaway-guard/stream.js';
import { admins, defineCommand, none, notWritten, USERS } from '../definition.js';

const access = admins('the whitelist is everybody’s');

export const listWhitelist = defineCommand({
  name: 'list_whitelist',
  description: 'the processes that are not to be reported, as far as they were added at run time',
  access: USERS,
  pace: 'quick',
  params: none,
  result: list(whitelistEntrySchema),
  subscribe: { stream: runawayGuardStream },
  run: ({ whitelist }, _, { viewer }) => {
    // Why something is left alone may speak of others' processes.
    const entries = whitelist.list();
    return viewer.kind === 'all' ? entries : entries.map(entry => ({ ...entry, reason: '' }));
  },
});

export const addWhitelist = defineCommand({
  name: 'add_whitelist',
  description: 'adds an entry; answers when it is on the disk',
  access,
  pace: 'queued',
  params: z.strictObject({
    pattern: z.string(),
    match_type: z
      .enum(MATCH_TYPES)
      .default('name')
      .describe(
        'name: comm or the program’s file name, exact or with `*`; cmdline: a part of it; regex: on it',
      ),
    reason: z.string().max(500).default(''),
  }),
  result: whitelistEntrySchema,
  run: async ({ whitelist }, entry) => {
    try {
      return await whitelist.add(entry);
    } catch (error) {
      throw notWritten(error) ?? new RequestError('bad_request', (error as Error).message);
    }
  },
});

export const removeWhitelist = defineCommand({
  name: 'remove_whitelist',
  description: 'removes an entry; answers when that is on the disk',
  access,
  pace: 'queued',
  params: z.strictObject({ id: z.int().min(1) }),
  result: z.strictObject({ removed: z.int().describe('the id') }),
  run: async ({ whitelist }, { id }) => {
    const removed = await whitelist.remove(id).catch(error => {
      throw notWritten(error) ?? error;
    });
    if (!removed) {
      throw new RequestError(
        'not_found',
        `the whitelist has no entry ${id}; those of the configuration are removed there`,
      );
    }
    return { removed: id };
  },
});
