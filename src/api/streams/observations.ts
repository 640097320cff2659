import { z } from 'zod';
import { observationSchema } from '../reports/observation.js';
import { defineStream } from './stream.js';

/** Only for who sees everything: nothing is made of them while nobody records. */
export const observationStream = defineStream({
  name: 'observations',
  description: 'everything that is observed of agents from then on',
  message: z.strictObject({ type: z.literal('observation'), data: observationSchema }),
  open: ({ observations }, send) =>
    observations.onObservation(observation => {
      const message = { type: 'observation', data: observation } as const;
      send(viewer => (viewer.kind === 'all' ? message : null));
    }),
});
