import type { Pressure } from '../../model/snapshot.js';
import type { Collector, Context, Part } from './collector.js';
import { NotHere } from './collector.js';
import { errorCode, readText } from './read.js';

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
export class PressureCollector implements Collector {
  readonly name = 'pressure';

  collect({ roots }: Context): Part {
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
