import type { Collector } from './collector.js';
import { CpuCollector } from './cpu.js';
import { DiskCollector } from './disks.js';
import { FilesystemCollector } from './filesystems.js';
import { MemoryCollector } from './memory.js';
import { NetworkCollector } from './network.js';
import { PressureCollector } from './pressure.js';
import { TemperatureCollector } from './temperature.js';

/** Everything that is asked about the machine as a whole; processes have a collector of their own. */
export function hostCollectors(): Collector[] {
  return [
    new MemoryCollector(),
    new PressureCollector(),
    new CpuCollector(),
    new TemperatureCollector(),
    new DiskCollector(),
    new FilesystemCollector(),
    new NetworkCollector(),
  ];
}
