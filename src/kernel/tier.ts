import { type Bpftrace, findBpftrace } from './bpftrace.js';
import type { Tier } from './health.js';

export interface Choice {
  tier: Tier;
  reason: string;
  version: string | null;
  bpftrace: Bpftrace | null;
}

/** Which tier this machine can have, and why not a better one. */
export async function chooseTier(wantedPath: string | undefined, forced: Tier | undefined): Promise<Choice> {
  const none = (reason: string, version: string | null = null): Choice => ({
    tier: 'procfs',
    reason,
    version,
    bpftrace: null,
  });
  if (forced === 'procfs') return none('set by configuration');
  if (process.getuid?.() !== 0) return none('not running as root, which loading kernel programs needs');
  const found = await findBpftrace(wantedPath);
  if (found.bpftrace === null) return none(found.problem, found.version);
  const { bpftrace } = found;
  return {
    tier: 'tracepoint',
    reason: forced === undefined ? 'tracepoints attach' : 'set by configuration',
    version: bpftrace.version,
    bpftrace,
  };
}
