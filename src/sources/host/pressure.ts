import { z } from 'zod';
import type { FieldTypes } from '../../model/schema.js';
import { type Collector, type Context, defineCollector, NotHere, type Part } from './collector.js';
import { errorCode, readText } from './read.js';

/** Percent of the last 10 s and 60 s in which some, or all, tasks waited: Documentation/accounting/psi.rst. */
const pressure = z.strictObject({
  some_avg10: z.number(),
  some_avg60: z.number(),
  full_avg10: z.number(),
  full_avg60: z.number(),
});
export type Pressure = z.infer<typeof pressure>;

const fields = {
  pressure: z
    .strictObject({ memory: pressure.nullable(), io: pressure.nullable(), cpu: pressure.nullable() })
    .nullable(),
};
type PressureSlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends PressureSlice {}
}

/**
 * /proc/pressure/memory, see Documentation/accounting/psi.rst.
 *
 * ```
 * some avg10=2.61 avg60=1.51 avg300=1.04 total=2104703856
 * full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 * ```
 *
 * Before Linux 5.13 there is no `full` line for the CPU: it counts as 0. Null when there is no `some` line.
 */
export function parsePressure(text: string): Pressure | null {
  const some = averages(text, 'some');
  if (some === null) return null;
  const full = averages(text, 'full') ?? [0, 0];
  return { some_avg10: some[0], some_avg60: some[1], full_avg10: full[0], full_avg60: full[1] };
}

function averages(text: string, which: string): [number, number] | null {
  const match = new RegExp(`^${which} avg10=([\\d.]+) avg60=([\\d.]+)`, 'm').exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

/** How much of the time tasks had to wait for memory, storage or a CPU. */
export class PressureCollector implements Collector<PressureSlice> {
  collect({ roots }: Context): Part<PressureSlice> {
    const folder = `${roots.proc}/pressure`;
    try {
      return {
        pressure: {
          memory: parsePressure(readText(`${folder}/memory`)),
          io: parsePressure(readText(`${folder}/io`)),
          cpu: parsePressure(readText(`${folder}/cpu`)),
        },
      };
    } catch (error) {
      // EOPNOTSUPP: built in, but switched off at boot.
      if (!['ENOENT', 'EOPNOTSUPP', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error;
      throw new NotHere(
        'the kernel tells nothing of pressure (PSI)',
        'Linux 4.20 or later with CONFIG_PSI has it; where it is built in but off, boot with psi=1',
      );
    }
  }
}

export const pressureCollector = defineCollector({
  id: 'pressure',
  describe: 'How long tasks wait for memory, storage and a CPU (PSI).',
  fields,
  empty: { pressure: null },
  figures: [
    { name: 'pressure_memory_some_percent', of: ({ host }) => host.pressure?.memory?.some_avg10 },
    { name: 'pressure_memory_full_percent', of: ({ host }) => host.pressure?.memory?.full_avg10 },
    { name: 'pressure_io_some_percent', of: ({ host }) => host.pressure?.io?.some_avg10 },
    { name: 'pressure_io_full_percent', of: ({ host }) => host.pressure?.io?.full_avg10 },
    { name: 'pressure_cpu_some_percent', of: ({ host }) => host.pressure?.cpu?.some_avg10 },
  ],
  create: () => new PressureCollector(),
});
