import { z } from 'zod';
import { vigilEventSchema } from '../reports/event.js';
import { defineStream } from './stream.js';

export const eventStream = defineStream({
  name: 'events',
  description: 'each new event, with neither gap nor repetition after the answer',
  message: z.strictObject({ type: z.literal('event'), data: vigilEventSchema }),
  open: ({ events, visibility }, send) =>
    events.onEvent(owned =>
      send(viewer => {
        const seen = visibility.event(owned, viewer);
        return seen === null ? null : { type: 'event', data: seen.event };
      }),
    ),
});
