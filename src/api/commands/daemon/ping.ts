import { z } from 'zod';
import { ANYONE, defineCommand, none } from '../definition.js';

export const ping = defineCommand({
  name: 'ping',
  description: 'nothing: that vigil is there. On the socket a `pong` without data',
  access: ANYONE,
  pace: 'quick',
  params: none,
  result: z.undefined(),
  run: () => undefined,
});
