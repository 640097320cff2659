import { z } from 'zod';
import type { Alert } from '../../model/alert.js';
import { agentStateEventSchema } from './agent.js';
import { alertEventSchema } from './alert.js';

export const vigilEventSchema = z
  .union([agentStateEventSchema, alertEventSchema])
  .meta({ id: 'VigilEvent', description: 'one line of `vigil events --json`' });
export type VigilEvent = z.infer<typeof vigilEventSchema>;

/** An event and whose it is: others do not get to see it. Null: the machine's, for everybody. */
export interface OwnedEvent {
  uid: number | null;
  event: VigilEvent;
  /** The alert that it is about. */
  alert?: Alert;
}
