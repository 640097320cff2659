import { tryReadNumber, tryReadText } from '../read.js';
import type { Hierarchies, Hierarchy } from './hierarchies.js';

/** Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst, pids.rst, cpuacct.rst. */
export interface CgroupUsage {
  memory_bytes: number | null;
  swap_bytes: number | null;
  cpu_ms: number | null;
  pids: number | null;
  pids_limit: number | null;
  oom_kills: number | null;
}

/** v1 says "no limit" as the largest number of pages. */
const NO_LIMIT_BYTES = 2 ** 60;

/** A file of one number, or of the word `max`; null for that word, and for what is not there. */
export function parseLimit(text: string | null): number | null {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isFinite(value) && value < NO_LIMIT_BYTES ? value : null;
}

/** Of lines such as `oom_kill 2` or `inactive_file 4096`; null where there is none of that name. */
export function keyed(text: string | null, key: string): number | null {
  const at = text === null ? -1 : `\n${text}`.indexOf(`\n${key} `);
  if (at < 0) return null;
  const value = Number.parseInt(text!.slice(at + key.length + 1), 10);
  return Number.isFinite(value) ? value : null;
}

export function readMemoryLimit(memory: Hierarchy, path: string): number | null {
  const file = memory.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  return parseLimit(tryReadText(`${memory.dir}${path}/${file}`));
}

export function readMemoryUsage(memory: Hierarchy, path: string): number | null {
  const file = memory.version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
  return tryReadNumber(`${memory.dir}${path}/${file}`);
}

export function readUsage({ memory, cpu, pids }: Hierarchies, path: string): CgroupUsage {
  return {
    ...(memory === null
      ? { memory_bytes: null, swap_bytes: null, oom_kills: null }
      : readMemory(memory, path)),
    cpu_ms: cpu === null ? null : readCpu(cpu, path),
    pids: pids === null ? null : tryReadNumber(`${pids.dir}${path}/pids.current`),
    pids_limit: pids === null ? null : parseLimit(tryReadText(`${pids.dir}${path}/pids.max`)),
  };
}

/** So often something in it was killed for want of memory, or (v1) a process in this very one. */
export function readOomKills(memory: Hierarchy, path: string): number | null {
  const file = memory.version === 1 ? 'memory.oom_control' : 'memory.events';
  return keyed(tryReadText(`${memory.dir}${path}/${file}`), 'oom_kill');
}

/**
 * Memory without the file pages that nobody used lately: the kernel takes those back before it kills. It is
 * what `docker stats` shows.
 */
function readMemory(memory: Hierarchy, path: string) {
  const dir = `${memory.dir}${path}`;
  const v1 = memory.version === 1;
  const usage = readMemoryUsage(memory, path);
  const inactive =
    keyed(tryReadText(`${dir}/memory.stat`), v1 ? 'total_inactive_file' : 'inactive_file') ?? 0;
  const both = v1 ? tryReadNumber(`${dir}/memory.memsw.usage_in_bytes`) : null;
  const swap_bytes = v1
    ? both === null || usage === null
      ? null
      : Math.max(0, both - usage)
    : tryReadNumber(`${dir}/memory.swap.current`);
  return {
    memory_bytes: usage === null ? null : Math.max(0, usage - inactive),
    swap_bytes,
    oom_kills: readOomKills(memory, path),
  };
}

function readCpu(cpu: Hierarchy, path: string): number | null {
  if (cpu.version === 1) {
    const ns = tryReadNumber(`${cpu.dir}${path}/cpuacct.usage`);
    return ns === null ? null : ns / 1e6;
  }
  const us = keyed(tryReadText(`${cpu.dir}${path}/cpu.stat`), 'usage_usec');
  return us === null ? null : us / 1e3;
}
