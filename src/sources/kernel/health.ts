/** What the sensor says of itself; the shape is part of `vigil health --json`. */

/** Best first. `procfs` means: no eBPF here, so files below /proc and the agents' own files only. */
export type Tier = 'fentry' | 'tracepoint' | 'procfs';

export interface ProgramHealth {
  /** `lifecycle` or `terminal`. */
  name: string;
  /** `off`: not needed now (no agent has a terminal). `silent`: runs, but its heartbeat is missing. */
  state: 'off' | 'starting' | 'running' | 'silent' | 'backoff' | 'unavailable';
  /** Why it is not running, in words for the operator; null while all is well. */
  problem: string | null;
  /** Events that arrived and were understood. */
  received: number;
  /** Lines that did not parse. */
  unparsed: number;
  /** Events that the kernel counted and that never arrived. */
  lost: number;
  restarts: number;
  /** bpftrace's process id while it runs. */
  pid: number | null;
  /** Features of this program that this kernel or bpftrace cannot give, in words. */
  missing: string[];
  /** It is silent because it waits for a CPU: what it has to tell comes late, or was lost and is counted. */
  starved: boolean;
}

export interface SensorHealth {
  tier: Tier;
  /** Why this tier and not a better one, in words. */
  tier_reason: string;
  /** As bpftrace prints it, e.g. `0.17.0`; null when there is none. */
  bpftrace_version: string | null;
  programs: ProgramHealth[];
}
