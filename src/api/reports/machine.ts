import { z } from 'zod';
import type { HostSample } from '../../model/snapshot.js';
import { processSampleSchema, sessionSampleSchema } from './process.js';
import { bytes, count, list, pid, schemaOf, text, time, time_ms, uid } from './schema.js';

/** What a collector adds to the sample, without null. */
type Slice<K extends keyof HostSample> = NonNullable<HostSample[K]>;
type ItemOf<K extends keyof HostSample> = Slice<K> extends readonly (infer I)[] ? I : never;

const figure = z.number();
const percent = z.number();

const memory = schemaOf<Slice<'memory'>>()({
  total_bytes: bytes,
  available_bytes: bytes,
  used_bytes: bytes,
  cached_bytes: bytes,
  dirty_bytes: bytes,
  shmem_bytes: bytes.exactOptional(),
  arc_bytes: bytes.exactOptional().describe('cache of ZFS, counted as cached'),
  swap_total_bytes: bytes,
  swap_used_bytes: bytes,
  swap_in_per_s: figure.nullable(),
  swap_out_per_s: figure.nullable(),
}).meta({ id: 'MemorySample' });

const pressure = schemaOf<NonNullable<Slice<'pressure'>['cpu']>>()({
  some_avg10: percent,
  some_avg60: percent,
  full_avg10: percent,
  full_avg60: percent,
}).nullable();

const cpu = schemaOf<Slice<'cpu'>>()({
  busy_percent: percent.nullable(),
  iowait_percent: percent.nullable(),
  steal_percent: percent.nullable(),
  cores_percent: list(percent),
  load1: figure,
  load5: figure,
  load15: figure,
  frequency_mhz: figure.nullable(),
}).meta({ id: 'CpuSample' });

const gpu = schemaOf<ItemOf<'gpus'>>()({
  id: text.describe('e.g. nvidia0, card1'),
  vendor: z.enum(['nvidia', 'amd', 'intel']),
  name: text,
  busy_percent: percent.nullable(),
  vram_total_bytes: bytes.nullable(),
  vram_used_bytes: bytes.nullable(),
  celsius: figure.nullable(),
  power_watts: figure.nullable(),
  processes: list(z.strictObject({ pid, vram_bytes: bytes.nullable() })),
}).meta({ id: 'GpuSample' });

const disk = schemaOf<ItemOf<'disks'>>()({
  name: text,
  read_bytes_per_s: figure.nullable(),
  write_bytes_per_s: figure.nullable(),
  reads_per_s: figure.nullable(),
  writes_per_s: figure.nullable(),
  latency_ms: figure.nullable(),
  busy_percent: percent.nullable(),
}).meta({ id: 'DiskSample' });

const filesystem = schemaOf<ItemOf<'filesystems'>>()({
  mount: text,
  device: text,
  type: text,
  total_bytes: bytes,
  available_bytes: bytes,
  inodes_total: figure.nullable(),
  inodes_free: figure.nullable(),
  read_only: z.boolean(),
  hung: z.boolean(),
}).meta({ id: 'FilesystemSample' });

const network = schemaOf<Slice<'network'>>()({
  interfaces: list(
    z.strictObject({
      name: text,
      received_bytes_per_s: figure.nullable(),
      sent_bytes_per_s: figure.nullable(),
      errors_per_s: figure.nullable(),
    }),
  ),
  connections: z.record(text, count),
}).meta({ id: 'NetworkSample' });

const cgroup = schemaOf<ItemOf<'cgroups'>>()({
  path: text,
  memory_bytes: bytes.nullable(),
  memory_limit_bytes: bytes.nullable(),
  swap_bytes: bytes.nullable(),
  cpu_percent: percent.nullable(),
  pids: count.nullable(),
  pids_limit: figure.nullable(),
  oom_kills: count.nullable(),
}).meta({ id: 'CgroupSample' });

const hostSampleSchema = schemaOf<HostSample>()({
  boot_ms: time_ms,
  cores: count,
  memory: memory.nullable(),
  pressure: schemaOf<Slice<'pressure'>>()({ memory: pressure, io: pressure, cpu: pressure }).nullable(),
  cpu: cpu.nullable(),
  temperatures: list(
    schemaOf<ItemOf<'temperatures'>>()({ kind: z.enum(['cpu', 'other']), name: text, celsius: figure }),
  ),
  gpus: list(gpu),
  disks: list(disk),
  filesystems: list(filesystem),
  network: network.nullable(),
  cgroups: list(cgroup),
  limits: schemaOf<NonNullable<Slice<'limits'>>>()({
    ptys: count.nullable(),
    ptys_max: count.nullable(),
    files: count.nullable().describe('open files of all'),
    files_max: figure.nullable(),
    inotify_instances_max: count.nullable().describe('of each user'),
    inotify_watches_max: count.nullable().describe('of each user'),
    holders: list(
      z.strictObject({ pid, uid, ptys: count, inotify_instances: count, inotify_watches: count }),
    ),
  })
    .nullable()
    .describe('of the kernel, and who holds some of what it has only so many of'),
  tasks: schemaOf<Slice<'tasks'>>()({
    running: count,
    total: count,
    limit: figure.nullable(),
    forks_per_s: figure.nullable(),
  }).nullable(),
}).meta({ id: 'HostSample', description: 'figures of the moment; null: could not be read' });

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
