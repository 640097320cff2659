import type { MachineReport } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import type { HostSample } from '../../model/snapshot.js';
import type { Io } from '../io.js';
import { bytes, percent } from './format.js';
import { gauge } from './gauge.js';
import { paint } from './style.js';

/** The machine in a few lines, for `vigil status`. */

const GAUGE = 20;

export function hostLines({ host, processes }: MachineReport, io: Pick<Io, 'color'>): string[] {
  return [
    ...cpuLine(host, processes, io.color),
    ...memoryLines(host, io.color),
    ...pressureLine(host),
    ...filesystemLines(host, io.color),
    ...gpuLines(host, io.color),
    ...temperatureLine(host),
  ];
}

function line(name: string, text: string): string {
  return `${name.padEnd(7)}${text}`;
}

function cpuLine({ cpu, cores }: HostSample, processes: number, color: boolean): string[] {
  if (cpu === null) return [];
  const busy = cpu.busy_percent ?? 0;
  const load = [cpu.load1, cpu.load5, cpu.load15].map(value => value.toFixed(2)).join(' ');
  const waiting = (cpu.iowait_percent ?? 0) >= 5 ? `, ${percent(cpu.iowait_percent!)} waiting for disks` : '';
  return [
    line(
      'CPU',
      `${gauge(busy, GAUGE, color)} ${percent(busy).padStart(5)} of ${cores} cores${waiting}, load ${load}, ${processes} processes`,
    ),
  ];
}

function memoryLines({ memory }: HostSample, color: boolean): string[] {
  if (memory === null) return [];
  const used = (100 * memory.used_bytes) / memory.total_bytes;
  const lines = [
    line(
      'Memory',
      `${gauge(used, GAUGE, color)} ${percent(used).padStart(5)} of ${bytes(memory.total_bytes)}, ${bytes(memory.available_bytes)} available`,
    ),
  ];
  if (memory.swap_total_bytes > 0) {
    const swapped = (100 * memory.swap_used_bytes) / memory.swap_total_bytes;
    lines.push(
      line(
        'Swap',
        `${gauge(swapped, GAUGE, color, 40, 80)} ${percent(swapped).padStart(5)} of ${bytes(memory.swap_total_bytes)}`,
      ),
    );
  }
  return lines;
}

/** Only where something really waits. */
function pressureLine({ pressure }: HostSample): string[] {
  if (pressure === null) return [];
  const parts = (['memory', 'io', 'cpu'] as const).flatMap(name => {
    const some = pressure[name]?.some_avg10 ?? 0;
    return some >= 1 ? [`${name} ${percent(some)}`] : [];
  });
  return parts.length === 0 ? [] : [line('Waits', `${parts.join(', ')} of the last 10 s (PSI)`)];
}

/** They hold memory, not a disk: `df` lists them all the same. */
export function isInMemory({ type }: Pick<HostSample['filesystems'][number], 'type'>): boolean {
  return type === 'tmpfs' || type === 'ramfs' || type === 'devtmpfs';
}

function filesystemLines({ filesystems }: HostSample, color: boolean): string[] {
  return (
    filesystems
      .filter(({ total_bytes }) => total_bytes > 0)
      .map(filesystem => {
        const { mount, total_bytes, available_bytes, hung, read_only } = filesystem;
        const in_memory = isInMemory(filesystem);
        const used = 100 * (1 - available_bytes / total_bytes);
        const notes = [
          in_memory ? 'in memory' : null,
          hung ? 'does not answer' : null,
          read_only ? 'read-only' : null,
        ].filter(Boolean);
        const note = notes.length === 0 ? '' : `, ${notes.join(', ')}`;
        return {
          used,
          in_memory,
          text: line(
            in_memory ? 'tmpfs' : 'Disk',
            `${gauge(used, GAUGE, color, 90, 95)} ${percent(used).padStart(5)} of ${bytes(total_bytes)}, ${bytes(available_bytes)} free on ${printable(mount, 100)}${note}`,
          ),
        };
      })
      .sort((a, b) => Number(a.in_memory) - Number(b.in_memory) || b.used - a.used)
      // The fullest disk, and what holds something besides.
      .filter(({ used, in_memory }, index) => used >= 5 || (index === 0 && !in_memory))
      .slice(0, 4)
      .map(({ text }) => text)
  );
}

function gpuLines({ gpus }: HostSample, color: boolean): string[] {
  return gpus.map(gpu => {
    const parts = [
      gpu.vram_total_bytes && gpu.vram_used_bytes !== null
        ? `${bytes(gpu.vram_used_bytes)} of ${bytes(gpu.vram_total_bytes)}`
        : null,
      gpu.celsius === null ? null : `${Math.round(gpu.celsius)} °C`,
      gpu.power_watts === null ? null : `${Math.round(gpu.power_watts)} W`,
      printable(gpu.name, 60),
    ].filter(part => part !== null);
    const busy = gpu.busy_percent ?? 0;
    return line(
      'GPU',
      `${gauge(busy, GAUGE, color, 101, 101)} ${percent(busy).padStart(5)}, ${parts.join(', ')}`,
    );
  });
}

function temperatureLine({ temperatures }: HostSample): string[] {
  const cpu = temperatures.filter(({ kind }) => kind === 'cpu').map(({ celsius }) => celsius);
  return cpu.length === 0 ? [] : [line('Heat', `CPU ${Math.round(Math.max(...cpu))} °C`)];
}

/** A line at the top that says whether all is well. */
export function headline(openAlerts: number, grave: number, io: Pick<Io, 'color'>): string {
  if (openAlerts === 0) return paint('Nothing is wrong.', ['green'], io.color);
  const what = counted(openAlerts, 'open alert');
  return paint(
    grave > 0 ? `${what}, ${grave} of them high or critical` : what,
    [grave > 0 ? 'red' : 'yellow'],
    io.color,
  );
}
