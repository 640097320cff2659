import { type Bpftrace, findBpftrace } from './bpftrace.js';
import type { Tier } from './health.js';

export interface Choice {
  tier: Tier;
  reason: string;
  version: string | null;
  bpftrace: Bpftrace | null;
}

const REASON = {
  auto: 'tracepoints need no more than root and bpftrace, and cost other programs nothing',
  tracepoint: 'set by configuration',
  fentry: 'fentry is set by configuration, but there is no such program yet; tracepoints see the same',
};

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
    reason: REASON[forced ?? 'auto'],
    version: bpftrace.version,
    bpftrace,
  };
}
