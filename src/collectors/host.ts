import type { Collector } from './collector.js';
import { CpuCollector } from './cpu.js';
import { MemoryCollector } from './memory.js';
import { PressureCollector } from './pressure.js';

/** Everything that is asked about the machine as a whole; processes have a collector of their own. */
export function hostCollectors(): Collector[] {
  return [new MemoryCollector(), new PressureCollector(), new CpuCollector()];
}
