/** One line of `vigil system`: the shape in which AgentSight's system runner tells the same. */
export interface Usage {
  pid: number;
  comm: string;
  /** Of one core. */
  cpu_percent: number;
  rss_bytes: number;
  vsize_bytes: number;
  threads: number;
  /** Processes below it that the figures include. */
  children: number;
}

export interface Thresholds {
  /** Percent of one core; null: none. */
  cpu_percent: number | null;
  /** MiB of resident memory; null: none. */
  memory_mb: number | null;
}

/**
 * JSON, without the newline: `source`, `pid`, `comm`, `timestamp` (ns since the epoch) and `data`. The timestamp
 * has more digits than a JavaScript number, so that part is written here.
 */
export function systemEvent(usage: Usage, time_ms: number, cores: number, limits: Thresholds): string {
  const { pid, comm, cpu_percent, threads, children } = usage;
  const memory = {
    rss_kb: Math.floor(usage.rss_bytes / 1024),
    rss_mb: Math.floor(usage.rss_bytes / 1024 / 1024),
    vsz_kb: Math.floor(usage.vsize_bytes / 1024),
    vsz_mb: Math.floor(usage.vsize_bytes / 1024 / 1024),
  };
  const data = {
    type: 'system_metrics',
    pid,
    comm,
    cpu: { percent: cpu_percent.toFixed(2), cores },
    memory,
    process: { threads, children },
    alert:
      isAbove(cpu_percent, limits.cpu_percent) || isAbove(usage.rss_bytes / 1024 / 1024, limits.memory_mb),
  };
  const timestamp = BigInt(Math.round(time_ms * 1000)) * 1000n;
  const name = JSON.stringify(comm);
  return `{"source":"system","pid":${pid},"comm":${name},"timestamp":${timestamp},"data":${JSON.stringify(data)}}`;
}

function isAbove(value: number, limit: number | null): boolean {
  return limit !== null && value > limit;
}
