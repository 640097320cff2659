import type { HostSample } from '../../model/snapshot.js';

/**
 * The figures of the machine that are kept: a name for people, the column (an integer; its unit is in the
 * column's name), and how many of the column's units one unit of the figure is.
 */
export interface HostMetric {
  name: string;
  column: string;
  scale: number;
  of: (host: HostSample, processes: number) => number | null | undefined;
}

const KIB = 1 / 1024;

const percent = (name: string, of: HostMetric['of']): HostMetric => ({
  name: `${name}_percent`,
  column: `${name}_percent_x100`,
  scale: 100,
  of,
});
const bytes = (name: string, of: HostMetric['of']): HostMetric => ({
  name: `${name}_bytes`,
  column: `${name}_kib`,
  scale: KIB,
  of,
});
const rate = (name: string, of: HostMetric['of']): HostMetric => ({
  name: `${name}_bytes_per_s`,
  column: `${name}_kib_per_s`,
  scale: KIB,
  of,
});
const scaled = (name: string, scale: number, of: HostMetric['of']): HostMetric => ({
  name,
  column: scale === 1 ? name : `${name}_x${scale}`,
  scale,
  of,
});

/** The order is that of the columns. A new figure needs a migration. */
export const HOST_METRICS: readonly HostMetric[] = [
  percent('cpu_busy', ({ cpu }) => cpu?.busy_percent),
  percent('cpu_iowait', ({ cpu }) => cpu?.iowait_percent),
  scaled('load1', 100, ({ cpu }) => cpu?.load1),
  scaled('load5', 100, ({ cpu }) => cpu?.load5),
  bytes('memory_total', ({ memory }) => memory?.total_bytes),
  bytes('memory_used', ({ memory }) => memory?.used_bytes),
  bytes('swap_total', ({ memory }) => memory?.swap_total_bytes),
  bytes('swap_used', ({ memory }) => memory?.swap_used_bytes),
  scaled('swap_in_per_s', 1, ({ memory }) => memory?.swap_in_per_s),
  scaled('swap_out_per_s', 1, ({ memory }) => memory?.swap_out_per_s),
  percent('pressure_memory_some', ({ pressure }) => pressure?.memory?.some_avg10),
  percent('pressure_memory_full', ({ pressure }) => pressure?.memory?.full_avg10),
  percent('pressure_io_some', ({ pressure }) => pressure?.io?.some_avg10),
  percent('pressure_io_full', ({ pressure }) => pressure?.io?.full_avg10),
  percent('pressure_cpu_some', ({ pressure }) => pressure?.cpu?.some_avg10),
  rate('disk_read', ({ disks }) => sum(disks.map(disk => disk.read_bytes_per_s))),
  rate('disk_write', ({ disks }) => sum(disks.map(disk => disk.write_bytes_per_s))),
  // Of the worst one.
  percent('disk_busy', ({ disks }) => max(disks.map(disk => disk.busy_percent))),
  scaled('disk_latency_ms', 100, ({ disks }) => max(disks.map(disk => disk.latency_ms))),
  // Of the fullest one; images that are full by nature are mounted read-only.
  percent('filesystem_used', ({ filesystems }) =>
    max(
      filesystems
        .filter(({ read_only, total_bytes }) => !read_only && total_bytes > 0)
        .map(({ total_bytes, available_bytes }) => 100 * (1 - available_bytes / total_bytes)),
    ),
  ),
  rate('network_received', ({ network }) =>
    sum(network?.interfaces.filter(notLoopback).map(each => each.received_bytes_per_s)),
  ),
  rate('network_sent', ({ network }) =>
    sum(network?.interfaces.filter(notLoopback).map(each => each.sent_bytes_per_s)),
  ),
  scaled('connections_established', 1, ({ network }) => network?.connections.ESTABLISHED),
  scaled('cpu_celsius', 10, ({ temperatures }) =>
    max(temperatures.filter(({ kind }) => kind === 'cpu').map(({ celsius }) => celsius)),
  ),
  percent('gpu_busy', ({ gpus }) => max(gpus.map(gpu => gpu.busy_percent))),
  bytes('gpu_vram_used', ({ gpus }) => sum(gpus.map(gpu => gpu.vram_used_bytes))),
  scaled('gpu_celsius', 10, ({ gpus }) => max(gpus.map(gpu => gpu.celsius))),
  scaled('processes', 1, (_host, processes) => processes),
];

/** The columns' values, in the order of `HOST_METRICS`. */
export function hostRow(host: HostSample, processes: number): (number | null)[] {
  return HOST_METRICS.map(({ of, scale }) => {
    const value = of(host, processes);
    return typeof value === 'number' && Number.isFinite(value) ? Math.round(value * scale) : null;
  });
}

function notLoopback({ name }: { name: string }): boolean {
  return name !== 'lo';
}

function known(values: readonly (number | null)[] | undefined): number[] {
  return (values ?? []).filter(value => value !== null);
}

function sum(values: readonly (number | null)[] | undefined): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : numbers.reduce((total, value) => total + value, 0);
}

function max(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : Math.max(...numbers);
}
