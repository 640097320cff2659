import { JournalCollector } from '../journal/journal.js';
import { CgroupCollector } from './cgroup/cgroup.js';
import type { Collector } from './collector.js';
import { CpuCollector } from './cpu/cpu.js';
import { DiskCollector } from './disks.js';
import { FilesystemCollector } from './filesystems/filesystems.js';
import { AmdCollector } from './gpu/amd.js';
import { IntelCollector } from './gpu/intel.js';
import { NvidiaCollector } from './gpu/nvidia.js';
import { MemoryCollector } from './memory.js';
import { NetworkCollector } from './network/network.js';
import { PressureCollector } from './pressure.js';
import { TaskCollector } from './tasks.js';
import { TemperatureCollector } from './temperature.js';

/** Everything that is asked about the machine as a whole; processes have a collector of their own. */
export function hostCollectors(): Collector[] {
  return [
    new MemoryCollector(),
    new PressureCollector(),
    new CpuCollector(),
    new TaskCollector(),
    new TemperatureCollector(),
    new DiskCollector(),
    new FilesystemCollector(),
    new NetworkCollector(),
    new CgroupCollector(),
    new NvidiaCollector(),
    new AmdCollector(),
    new IntelCollector(),
    new JournalCollector(),
  ];
}
