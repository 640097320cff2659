import type { Figure } from '../../model/figure.js';
import type { HostSample } from '../../model/snapshot.js';
import { journalCollector } from '../journal/journal.js';
import { cgroupCollector } from './cgroup/cgroup.js';
import type { CollectorDefinition } from './collector.js';
import { cpuCollector } from './cpu/cpu.js';
import { disksCollector } from './disks.js';
import { filesystemsCollector } from './filesystems/filesystems.js';
import { amdCollector } from './gpu/amd.js';
import { intelCollector } from './gpu/intel.js';
import { nvidiaCollector } from './gpu/nvidia.js';
import { limitsCollector } from './limits.js';
import { memoryCollector } from './memory.js';
import { networkCollector } from './network/network.js';
import { pressureCollector } from './pressure.js';
import { PROCESS_FIGURES } from './processes.js';
import { tasksCollector } from './tasks.js';
import { temperatureCollector } from './temperature.js';

/** Everything that is asked about the machine as a whole, in this order; processes have a collector of their own. */
export const COLLECTORS = [
  memoryCollector,
  pressureCollector,
  cpuCollector,
  tasksCollector,
  limitsCollector,
  temperatureCollector,
  disksCollector,
  filesystemsCollector,
  networkCollector,
  cgroupCollector,
  nvidiaCollector,
  amdCollector,
  intelCollector,
  journalCollector,
] as const;

export type CollectorId = (typeof COLLECTORS)[number]['id'];

type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer A) => void
  ? A
  : never;
type Slices = All<(typeof COLLECTORS)[number]['empty']>;
type AllFields = All<(typeof COLLECTORS)[number]['fields']>;

/** The schemas of all slices. */
export const HOST_FIELDS = Object.assign({}, ...COLLECTORS.map(({ fields }) => fields)) as AllFields;

/** Nothing is known yet. Does not compile when a collector that adds a slice is missing in the list. */
export function emptyHost(boot_ms: number): HostSample {
  const slices = Object.assign({}, ...COLLECTORS.map(({ empty }) => empty)) as Slices;
  return { ...slices, boot_ms };
}

/** Everything that the history keeps of the machine, each once: collectors that share a slice share its figures. */
export const HOST_FIGURES: readonly Figure[] = [
  ...new Set([...COLLECTORS.flatMap(({ figures = [] }: CollectorDefinition) => figures), ...PROCESS_FIGURES]),
];
