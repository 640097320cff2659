import { SMALL_BYTES, tryReadHead } from '../../lib/files/bounded-read.js';
import { foreignPids } from '../../lib/proc/namespaces.js';
import { type Bpftrace, findBpftrace, tryProgram } from './bpftrace.js';
import { type BpftraceProbeCache, NO_PROBE_CACHE } from './bpftrace-probe-cache.js';
import type { Tier } from './health.js';
import { probeText } from './program.js';

export interface Choice {
  tier: Tier;
  reason: string;
  version: string | null;
  bpftrace: Bpftrace | null;
}

export type TierOption = Tier | undefined;

export interface ChoiceOptions {
  probeLimit_ms?: number;
  cache?: BpftraceProbeCache;
  /** Ends the questions to bpftrace; what comes back then is no choice. */
  signal?: AbortSignal | undefined;
  procRoot?: string;
}

/** It takes 0.1 to 0.5 s; many times that while a machine boots, from a disk that has yet to be read. */
const PROBE_LIMIT_MS = 20_000;

/** Which tier this machine can have, and why not a better one. */
export async function chooseTier(
  wantedPath: string | undefined,
  forced: TierOption,
  { probeLimit_ms = PROBE_LIMIT_MS, cache = NO_PROBE_CACHE, signal, procRoot = '/proc' }: ChoiceOptions = {},
): Promise<Choice> {
  const none = (reason: string, version: string | null = null): Choice => ({
    tier: 'procfs',
    reason,
    version,
    bpftrace: null,
  });
  if (forced === 'procfs') return none('set by configuration');
  if (process.getuid?.() !== 0) return none('not running as root, which loading kernel programs needs');
  // Whatever was asked for: events of other processes under these numbers would be worse than none.
  const foreign = foreignPids(procRoot);
  if (foreign !== null) return none(foreign);
  const found = await findBpftrace(wantedPath, cache, signal);
  if (found.bpftrace === null) return none(found.problem, found.version);
  const { bpftrace } = found;
  const { version } = bpftrace;
  const lacking = missingRights(procRoot, version);
  if (lacking !== null) return none(lacking, version);
  if (forced === 'tracepoint') return { tier: forced, reason: 'set by configuration', version, bpftrace };

  let refusal: string | null = null;
  if (cache.of(bpftrace.path).attaches !== true) {
    refusal = await tryProgram(bpftrace, probeText(version), 'attached', probeLimit_ms, signal);
    if (refusal === null) cache.keep(bpftrace.path, { attaches: true });
  }
  if (refusal === null) {
    const reason =
      forced === 'fentry' ? 'set by configuration' : 'tracing programs attach to the terminal functions here';
    return { tier: 'fentry', reason, version, bpftrace };
  }
  const wish = forced === 'fentry' ? 'fentry is set by configuration, but ' : '';
  return { tier: 'tracepoint', reason: `${wish}${inWords(refusal)}`, version, bpftrace };
}

/** include/uapi/linux/capability.h */
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/**
 * Root in a container, or of a unit, need not have the rights to eBPF; bpftrace would say so in errors of its compiler, and
 * be started again and again. Null: they are there, or it cannot be told.
 */
export function missingRights(procRoot: string, version: string): string | null {
  const status = tryReadHead(`${procRoot}/self/status`, SMALL_BYTES) ?? '';
  const word = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  if (word === undefined) return null;
  const rights = BigInt(`0x${word}`);
  const has = (capability: bigint) => ((rights >> capability) & 1n) === 1n;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const needsAdmin = major === 0 && minor < 25;
  if (has(CAP_SYS_ADMIN) || (!needsAdmin && has(CAP_BPF) && has(CAP_PERFMON))) return null;
  const needed = needsAdmin ? 'CAP_SYS_ADMIN' : 'CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON';
  return `vigil runs without ${needed} (a container, a unit), which bpftrace ${version} needs to load kernel programs`;
}

/** What the other tier lacks is no reason to call the machine degraded: it is part of the reason. */
export function inWords(refusal: string): string {
  return `tracing programs cannot be attached to the terminal functions (${refusal}); tracepoints see the same but for what is written on virtual consoles`;
}
