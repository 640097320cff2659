import type { Logger } from '../log/logger.js';
import type { Tier } from './health.js';
import type { Sensor, SensorListener } from './sensor.js';

export interface SensorOptions {
  logger: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Folder of the .bt programs. */
  bpfDir: string;
  daemonPid: number;
  bpftracePath?: string;
  forceTier?: Tier;
}

/** Without the kernel programs: the procfs tier. */
export function createSensor(_options: SensorOptions, _listener: SensorListener): Sensor {
  return {
    start: async () => {},
    stop: async () => {},
    watch: () => {},
    health: () => ({
      tier: 'procfs',
      tier_reason: 'the kernel programs are not there yet',
      bpftrace_version: null,
      programs: [],
    }),
  };
}
