import { RequestError } from '../../protocol.js';
import { hostFactsSchema } from '../../reports/host.js';
import { defineCommand, none, USERS } from '../definition.js';

export const host = defineCommand({
  name: 'host',
  description: 'what the machine is: facts that stay as they are while it runs',
  access: USERS,
  pace: 'queued',
  params: none,
  result: hostFactsSchema,
  run: async ({ host }) => {
    const facts = await host.facts();
    if (facts === null)
      throw new RequestError('not_ready', 'what the machine is could not be read: ask again in a minute');
    return facts;
  },
});
