import { z } from 'zod';
import { list } from '../../../model/schema.js';
import { maySee } from '../../../model/viewer.js';
import { vigilEventSchema } from '../../reports/event.js';
import { eventStream } from '../../streams/events.js';
import { defineCommand, USERS } from '../definition.js';

export const events = defineCommand({
  name: 'events',
  description: 'the events of late, oldest first',
  access: USERS,
  pace: 'quick',
  params: z.strictObject({
    follow: z.boolean().default(false).describe('send each new one as well'),
    limit: z.int().min(0).optional().describe('only so many, the latest ones'),
  }),
  result: list(vigilEventSchema),
  subscribe: { stream: eventStream, when: ({ follow }) => follow },
  run: ({ events, visibility }, { limit }, { viewer }) => {
    const own = events.recent().filter(({ uid }) => maySee(viewer, uid));
    return own
      .slice(limit === undefined ? 0 : Math.max(0, own.length - limit))
      .map(owned => visibility.event(owned, viewer))
      .filter(owned => owned !== null)
      .map(({ event }) => event);
  },
});
