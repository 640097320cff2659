import { z } from 'zod';
import { maySee } from '../../model/viewer.js';
import { defineStream } from './stream.js';

export const agentStream = defineStream({
  name: 'agents',
  description:
    'that an agent of this user changed its state, or that its person looked at it: ask for the list anew',
  message: z.strictObject({
    type: z.literal('agents_changed'),
    data: z.strictObject({ uid: z.int().min(0).describe('whose agents') }),
  }),
  open: ({ agents }, send) =>
    agents.onChange(uid =>
      send(viewer => (maySee(viewer, uid) ? { type: 'agents_changed', data: { uid } } : null)),
    ),
});
