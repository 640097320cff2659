import type { Transition } from '../../src/model/agent.js';
import { type TruthEntry, transitionsOf } from '../../test/lab/truth.js';
import type { Heard } from '../../test/lab/vigil.js';
import { type FalseWait, type Line, matchSession } from '../accuracy/match.js';
import type { Played, Shown } from './play.js';

export interface Judged {
  /** True transitions. */
  transitions: number;
  right: number;
  /** What was said besides, or instead, in words. */
  faults: string[];
  /** WAITING was said while the agent worked, the longest first. */
  false_waits: FalseWait[];
  popups: { shown: number; due: number; wrong: string[]; missing: string[] };
}

/** A popup may come so long before or after what it speaks of: hooks take some ms to write, and words their time to settle. */
const SLACK_MS = 500;
/** A request that is answered sooner needs no popup. */
const WORTH_A_POPUP_MS = 500;
/** So near to `min_work_seconds` a turn may be told or not. */
const WORK_SLACK_MS = 1_000;

export interface JudgeOptions {
  /** Turns that are shorter have no popup. */
  min_work_ms: number;
  /** The sessions (pids) that tell what they wait for, and are believed: of the others nobody knows. */
  telling: ReadonlySet<number>;
}

/** Holds what vigil said and showed against what was true. */
export function judge(truth: readonly TruthEntry[], played: Played, options: JudgeOptions): Judged {
  const judged: Judged = {
    ...{ transitions: 0, right: 0, faults: [], false_waits: [] },
    popups: { shown: played.popups.length, due: 0, wrong: [], missing: [] },
  };
  const said = byPid(played.transitions);
  const shown = byPid(played.popups);
  for (const [pid, entries] of byPid(truth)) {
    judgeStates(judged, entries, said.get(pid) ?? [], options);
    judgePopups(judged.popups, entries, shown.get(pid) ?? [], options);
    said.delete(pid);
    shown.delete(pid);
  }
  for (const [pid, [first]] of said) judged.faults.push(`${first!.agent}[${pid}] is no session`);
  for (const popups of shown.values()) judged.popups.wrong.push(...popups.map(words));
  judged.false_waits.sort((a, b) => b.length_ms - a.length_ms);
  return judged;
}

export function byPid<T extends { pid: number }>(ones: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const one of ones) {
    const group = groups.get(one.pid);
    if (group === undefined) groups.set(one.pid, [one]);
    else group.push(one);
  }
  return groups;
}

function judgeStates(
  judged: Judged,
  truth: readonly TruthEntry[],
  said: readonly Transition[],
  { telling }: JudgeOptions,
): void {
  const up = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];
  const grain = telling.has(truth[0]!.pid) ? 'kind' : 'state';
  const { lines, false_waits } = matchSession(truth, said.map(heardFrom), up, grain);
  for (const line of lines) {
    if (line.truth !== undefined) judged.transitions++;
    if (line.verdict === 'matched') judged.right++;
    else judged.faults.push(fault(line));
  }
  judged.false_waits.push(...false_waits);
}

function fault({ verdict, truth, heard }: Line): string {
  const of =
    truth === undefined ? '' : `${truth.scenario}: true ${truth.state} ${truth.reason} (${truth.by})`;
  const event = heard?.event;
  const said =
    event === undefined ? 'said nothing' : `said ${event.to} ${event.reason} at ${heard!.arrived_ms}`;
  return `${verdict} ${of}, ${said}`;
}

/** A transition as a client would have heard it, at its own time. */
export function heardFrom(one: Transition): Heard {
  const { time_ms, pid, agent, from, to, reason, evidence, tty, cwd } = one;
  const time = new Date(time_ms).toISOString();
  return {
    arrived_ms: time_ms,
    event: {
      ...{ type: 'agent_state', time, pid, agent, from, to, reason, tty, cwd },
      evidence: { source: evidence.source, text: evidence.text, time },
    },
  };
}

const TROUBLE = ['error', 'auth', 'limit'];

/** A stretch of truth that a popup may, or must, speak of. */
interface Due {
  from_ms: number;
  to_ms: number;
  kinds: readonly string[];
  must: boolean;
}

function judgePopups(
  popups: Judged['popups'],
  entries: readonly TruthEntry[],
  shown: readonly Shown[],
  options: JudgeOptions,
): void {
  const due = dues(entries, options);
  const isOf = (one: Shown, { from_ms, to_ms, kinds }: Due): boolean =>
    kinds.includes(one.kind) && one.time_ms >= from_ms - SLACK_MS && one.time_ms <= to_ms + SLACK_MS;
  popups.due += due.filter(({ must }) => must).length;
  popups.wrong.push(...shown.filter(one => !due.some(stretch => isOf(one, stretch))).map(words));
  for (const stretch of due) {
    if (!stretch.must || shown.some(one => isOf(one, stretch))) continue;
    const { agent, pid, scenario } = entries[0]!;
    popups.missing.push(`${agent}[${pid}] ${scenario}: no ${stretch.kinds[0]} at ${stretch.from_ms}`);
  }
}

function dues(entries: readonly TruthEntry[], { min_work_ms, telling }: JudgeOptions): Due[] {
  const tells = telling.has(entries[0]!.pid);
  const truth = transitionsOf(entries);
  let worked_ms = 0;
  return truth.flatMap((entry, i) => {
    const to_ms = truth[i + 1]?.time_ms ?? Number.POSITIVE_INFINITY;
    const lasts_ms = to_ms - entry.time_ms;
    const of = (kinds: readonly string[], must: boolean): Due[] => [
      { from_ms: entry.time_ms, to_ms, kinds, must },
    ];
    if (entry.state === 'WORKING') {
      worked_ms += lasts_ms;
      return [];
    }
    if (entry.state === 'EXITED') return of(['ended'], false);
    if (entry.reason === 'approval' || entry.reason === 'question')
      // Who does not tell asking from being done is done.
      return of(tells ? [entry.reason] : ['done'], tells && lasts_ms >= WORTH_A_POPUP_MS);
    const turn_ms = worked_ms;
    worked_ms = 0;
    if (entry.reason === 'input') return [];
    // An error is told however soon it came.
    if (turn_ms < min_work_ms - WORK_SLACK_MS) return of(TROUBLE, false);
    const must = turn_ms > min_work_ms + WORK_SLACK_MS && lasts_ms >= 2 * WORTH_A_POPUP_MS;
    return of(['done', ...TROUBLE], must);
  });
}

function words({ pid, kind, summary, time_ms }: Shown): string {
  return `[${pid}] ${kind} "${summary}" at ${time_ms}`;
}
