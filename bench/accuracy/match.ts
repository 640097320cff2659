import type { Reason, State } from '../../src/model/agent.js';
import { FIRST_PROMPT, type Grain, stateKey, type TruthEntry, transitionsOf } from '../../test/lab/truth.js';
import type { Heard, Uptime } from '../../test/lab/vigil.js';

export type Verdict = 'matched' | 'missed' | 'wrong' | 'extra';

export interface Line {
  verdict: Verdict;
  truth?: TruthEntry;
  heard?: Heard;
  /** Of a match: how long after the truth it was heard. */
  delay_ms?: number;
}

/** vigil said WAITING while the agent worked. */
export interface FalseWait {
  pid: number;
  agent: string;
  scenario: string;
  from_ms: number;
  length_ms: number;
  evidence: string;
}

export interface Match {
  lines: Line[];
  false_waits: FalseWait[];
}

/** Reports may come this much before the truth: hooks take some ms to write their line. */
const EARLY_MS = 250;
/** An agent that starts may be said to do anything until this long after its first prompt. */
const STARTING_MS = 1000;
/** After the last truth of a session. */
const TAIL_MS = 10_000;

/** Compares what was said of one session with what was true of it. */
export function matchSession(
  truths: readonly TruthEntry[],
  heard: readonly Heard[],
  uptimes: readonly Uptime[],
  grain: Grain = 'kind',
): Match {
  const keyOf = (state: State, reason: Reason | null): string => stateKey(state, reason, grain);
  const truth = seenFrom(transitionsOf(truths, grain), uptimes);
  const said = withoutStart(collapse(heard, keyOf), truth[0]);
  const lines: Line[] = [];
  const left = new Set(said);
  let from = 0;
  const missed: { truth: TruthEntry; until_ms: number }[] = [];
  truth.forEach((entry, i) => {
    const until_ms = truth[i + 1]?.time_ms ?? entry.time_ms + TAIL_MS;
    const key = keyOf(entry.state, entry.reason);
    const at = said.findIndex(
      (h, j) =>
        j >= from &&
        keyOf(h.event.to, h.event.reason) === key &&
        h.arrived_ms >= entry.time_ms - EARLY_MS &&
        h.arrived_ms < until_ms,
    );
    const early = i === 0 && entry.by === FIRST_PROMPT ? before(said, entry, key, keyOf) : -1;
    const found = at >= 0 ? at : early;
    if (found < 0) {
      missed.push({ truth: entry, until_ms });
      return;
    }
    from = found + 1;
    left.delete(said[found]!);
    const delay_ms = Math.max(said[found]!.arrived_ms - entry.time_ms, at >= 0 ? -EARLY_MS : 0);
    lines.push({ verdict: 'matched', truth: entry, heard: said[found]!, delay_ms });
  });
  for (const { truth: entry, until_ms } of missed) {
    const instead = [...left].find(
      h => h.arrived_ms >= entry.time_ms - EARLY_MS && h.arrived_ms < until_ms && h.event.to !== 'EXITED',
    );
    if (instead) left.delete(instead);
    lines.push({
      verdict: instead ? 'wrong' : 'missed',
      truth: entry,
      ...(instead ? { heard: instead } : {}),
    });
  }
  for (const h of left) lines.push({ verdict: 'extra', heard: h });
  const when = (line: Line): number => line.truth?.time_ms ?? line.heard!.arrived_ms;
  lines.sort((a, b) => when(a) - when(b));
  return { lines, false_waits: falseWaits(truth, heard, uptimes) };
}

type KeyOf = (state: State, reason: Reason | null) => string;

/** A first prompt that vigil knew of before the screen showed it. */
function before(said: readonly Heard[], entry: TruthEntry, key: string, keyOf: KeyOf): number {
  const at = said.findLastIndex(h => h.arrived_ms < entry.time_ms);
  return at >= 0 && keyOf(said[at]!.event.to, said[at]!.event.reason) === key ? at : -1;
}

/** Truths that happened while no daemon ran are due when the next one is there; older ones of those are void. */
function seenFrom(truth: readonly TruthEntry[], uptimes: readonly Uptime[]): TruthEntry[] {
  const due = truth.map(entry => {
    const up = uptimes.find(u => u.to_ms > entry.time_ms);
    return up && up.from_ms > entry.time_ms ? { ...entry, time_ms: up.from_ms, by: 'vigil started' } : entry;
  });
  return due.filter((entry, i) => due[i + 1]?.time_ms !== entry.time_ms);
}

/** Without UNKNOWN and without repetitions, as after a restart of the daemon. */
function collapse(heard: readonly Heard[], keyOf: KeyOf): Heard[] {
  const known = heard.filter(h => h.event.to !== 'UNKNOWN');
  return known.filter((h, i) => {
    const last = known[i - 1];
    return !last || keyOf(last.event.to, last.event.reason) !== keyOf(h.event.to, h.event.reason);
  });
}

/** While an agent starts nothing is claimed to be true; only what is said last of that time counts. */
function withoutStart(said: readonly Heard[], first: TruthEntry | undefined): Heard[] {
  if (first?.by !== FIRST_PROMPT) return [...said];
  const settled = said.findLastIndex(h => h.arrived_ms < first.time_ms + STARTING_MS);
  return said.slice(Math.max(settled, 0));
}

/** Every stretch in which WAITING was said while WORKING was true; delays at its ends included. */
function falseWaits(
  truth: readonly TruthEntry[],
  heard: readonly Heard[],
  uptimes: readonly Uptime[],
): FalseWait[] {
  const found: FalseWait[] = [];
  truth.forEach((entry, i) => {
    if (entry.state !== 'WORKING') return;
    const end_ms = truth[i + 1]?.time_ms ?? entry.time_ms;
    heard.forEach((h, j) => {
      if (h.event.to !== 'WAITING') return;
      // Reasons within WAITING go on with the same stretch.
      if (heard[j - 1]?.event.to === 'WAITING' && heard[j - 1]!.arrived_ms >= entry.time_ms) return;
      const next = heard.slice(j + 1).find(n => n.event.to !== 'WAITING');
      const down = uptimes.find(u => u.from_ms <= h.arrived_ms && u.to_ms > h.arrived_ms)?.to_ms ?? Infinity;
      const from_ms = Math.max(h.arrived_ms, entry.time_ms);
      const to_ms = Math.min(next?.arrived_ms ?? Infinity, end_ms, down);
      if (to_ms <= from_ms) return;
      const { pid, agent, scenario } = entry;
      const evidence = `${h.event.evidence.source}: ${h.event.evidence.text}`;
      found.push({ pid, agent, scenario, from_ms, length_ms: to_ms - from_ms, evidence });
    });
  });
  return found;
}
