import { z } from 'zod';
import { count, list, schemaOf, time, time_ms } from '../../model/schema.js';
import type { HostSample } from '../../model/snapshot.js';
import { HOST_FIELDS } from '../../sources/host/index.js';
import { processSampleSchema, sessionSampleSchema } from './process.js';

/** Each collector declares its own. */
const hostSampleSchema = schemaOf<HostSample>()({ boot_ms: time_ms, ...HOST_FIELDS }).meta({
  id: 'HostSample',
  description: 'figures of the moment; null: could not be read',
});

export const machineReportSchema = z
  .strictObject({
    time,
    paused: z.boolean().describe('nobody looks at it: vigil pause'),
    host: hostSampleSchema,
    processes: count,
    sessions: list(sessionSampleSchema),
    top_memory: list(processSampleSchema).describe(
      'those with the most, at most 15, of those that one may see',
    ),
    top_cpu: list(processSampleSchema),
  })
  .meta({ id: 'MachineReport' });
export type MachineReport = z.infer<typeof machineReportSchema>;
