import { TOOL_SHOWN_MS } from '../standard-voices.js';
import { type Assertion, EVIDENCE_OF, isWork, type Overruling, type VoiceName } from '../voice.js';
import { type Ask, askOf, goesOnUntil, refinedBy, retryingUntil, type Stating, speaks } from './asks.js';
import { NAMES, NOT_YET, type Resolution, RULES, type Verdict, type Weighed, weigh } from './resolution.js';
import { evidence, type LastStatement } from './session.js';
import type { Situation, Speaking } from './situation.js';

/** An Enter this long before a statement to work explains it. */
const ENTER_EXPLAINS_MS = 2_000;
/** What is said and a key come by different ways: the later one may arrive first. */
const EVENTS_CROSS_MS = 100;
/** While nobody watched its terminal words on it were missed: one from before that does not stand against so much silence. */
const OLD_WORD_STANDS_MS = 3_000;

/**
 * What state a living session is in, from what each voice says. The strongest voice that speaks, is not void and is not
 * overruled by another has the say, unless the terminal refutes it. It is no vote. Pure; it knows voices, not agents.
 */
export function resolve(situation: Situation): Resolution {
  const overruled = new Map<VoiceName, string>();
  let until_ms: number | null = null;
  for (const one of situation.speaking) {
    if (!speaks(one)) continue;
    const rival = rivalOf(one, situation);
    until_ms = earliest(until_ms, rival.until_ms, one.until_ms);
    if (rival.by === null) {
      const verdict = judge(one, situation);
      const until = earliest(verdict.until_ms, until_ms);
      return new Resolved(situation, { ...verdict, until_ms: until }, one, overruled);
    }
    overruled.set(one.voice.name, `the ${NAMES[rival.by]} says otherwise, and has the say`);
  }
  return new Resolved(situation, { ...unchanged(situation, null, ''), until_ms }, null, overruled);
}

/** Which voice has the say over this one, now or at `until_ms`. */
function rivalOf(one: Stating, situation: Situation): { by: VoiceName | null; until_ms: number | null } {
  let until_ms: number | null = null;
  for (const rule of one.voice.overruled_by) {
    const rival = situation.speaking.find(other => isRival(other, one, rule));
    if (rival === undefined || rival.statement === null) continue;
    const since_ms = rival.statement.at_ms + rule.after_ms;
    if (situation.now_ms >= since_ms) return { by: rival.voice.name, until_ms: null };
    until_ms = earliest(until_ms, since_ms);
  }
  return { by: null, until_ms };
}

function isRival(other: Speaking, one: Stating, { by, saying, if_later }: Overruling): boolean {
  if (!by.includes(other.voice.name) || !speaks(other)) return false;
  const works = isWork(other.statement.says);
  if (works === isWork(one.statement.says) || works !== (saying === 'working')) return false;
  if (saying === 'asking' && !ASKING.has(other.statement.says)) return false;
  return !if_later || other.statement.at_ms > one.statement.at_ms;
}

const ASKING: ReadonlySet<Assertion> = new Set(['approval', 'question']);

/** What follows from the voice that has the say. */
function judge(one: Stating, situation: Situation): Verdict {
  const ask = askOf(one, situation);
  const works = isWork(one.statement.says) && ask === null;
  const at_ms = sinceOf(one, ask, situation);
  const spoken = { ...one, statement: { ...one.statement, at_ms } };
  return (
    unclear(spoken, situation) ??
    unsettled(spoken, works, ask, situation) ??
    (works ? working(spoken, situation) : waiting(spoken, ask, situation))
  );
}

/** When it became so: a voice that is quicker can have said a moment before that the turn is over. */
function sinceOf({ voice, statement }: Stating, ask: Ask, { speaking }: Situation): number {
  const { begins_with } = voice;
  if (begins_with === null || ask !== null || isWork(statement.says)) return statement.at_ms;
  const quicker = speaking.find(({ voice: other }) => other.name === begins_with.voice);
  if (quicker === undefined || !speaks(quicker) || quicker.statement.says !== 'idle') return statement.at_ms;
  const ahead_ms = statement.at_ms - quicker.statement.at_ms;
  return ahead_ms > 0 && ahead_ms < begins_with.within_ms ? quicker.statement.at_ms : statement.at_ms;
}

/** Seen from outside, it takes its time until it is clear. */
function unclear({ clear_ms }: Stating, situation: Situation): Verdict | null {
  if (clear_ms === null || situation.now_ms >= clear_ms) return null;
  return unchanged(situation, clear_ms, NOT_YET);
}

/** A statement that is taken back at once is none: until it has stood for a while all is as before. */
function unsettled(
  { voice, statement }: Stating,
  works: boolean,
  ask: Ask,
  situation: Situation,
): Verdict | null {
  const { now_ms, known, terminal } = situation;
  const refined_ms = works ? null : refinedBy({ voice, statement }, ask, situation);
  if (refined_ms !== null)
    return unchanged(situation, refined_ms, 'what it asks for will be known in a moment');
  for (const rule of voice.settles) {
    if ((rule.says === 'working') !== works || ask !== null) continue;
    const isFrom = rule.from === 'not WORKING' ? known.state !== 'WORKING' : known.state === rule.from;
    if (!isFrom || (rule.unless_enter && enterExplains(statement, situation))) continue;
    const settled_ms = statement.at_ms + rule.after_ms;
    if (now_ms < settled_ms) return unchanged(situation, settled_ms, NOT_YET);
    if (rule.and_goes_on && terminal.draws_steadily && !goesOn(statement, rule.after_ms, situation))
      return unchanged(situation, null, 'no Enter explains it, and nothing of it goes on');
  }
  return null;
}

function enterExplains({ at_ms }: LastStatement, { terminal: { last_enter_ms } }: Situation): boolean {
  if (last_enter_ms === null) return false;
  const after_ms = at_ms - last_enter_ms;
  return after_ms > -EVENTS_CROSS_MS && after_ms < ENTER_EXPLAINS_MS;
}

/**
 * A working agent's spinner moves on; one frame alone is a blip whose end was not heard. Where the title has none, or is
 * switched off, its drawing must go on.
 */
function goesOn({ at_ms }: LastStatement, blip_ms: number, { speaking, terminal }: Situation): boolean {
  const title = speaking.find(one => one.voice.goes_on && one.voice.name !== 'activity');
  if (title === undefined || title.statement === null) return terminal.run_ms >= 2 * blip_ms;
  return title.statement.says === 'working' && title.statement.last_ms >= at_ms + blip_ms / 2;
}

function working(one: Stating, situation: Situation): Verdict {
  const { voice, statement } = one;
  const { now_ms, terminal } = situation;
  const outdated = staleAt(one, situation);
  if (outdated !== null && now_ms >= outdated.at_ms) return stale(one, outdated.after_ms, situation);
  const hangs_ms = hangsAt(one, situation);
  const hangs = hangs_ms !== null && now_ms >= hangs_ms;
  const silent = hangs
    ? `, but its terminal has been silent for ${Math.floor(terminal.silent_ms / 1000)} s`
    : '';
  return {
    state: 'WORKING',
    ask: null,
    hangs,
    rule: hangs
      ? 'an agent that draws all through its work does not fall silent'
      : RULES[voice.name].working(situation),
    evidence: hangs
      ? evidence(EVIDENCE_OF.activity, `${statement.text}${silent}`, now_ms)
      : evidence(EVIDENCE_OF[voice.name], statement.text, statement.at_ms),
    until_ms: hangs ? null : earliest(mayAskAt(one, situation), outdated?.at_ms ?? null, hangs_ms),
    by: voice.name,
    against: null,
  };
}

/** From when on its silence says that it hangs; null: it may be silent. A tool that runs explains it, for any length of time. */
function hangsAt({ voice, statement }: Stating, situation: Situation): number | null {
  const { now_ms, terminal, tools_since_ms } = situation;
  const { watched, draws_through, silent_ms } = terminal;
  if (voice.hangs_after_ms === null || !watched || !draws_through || tools_since_ms.length > 0) return null;
  return Math.max(now_ms - silent_ms, statement.at_ms) + voice.hangs_after_ms;
}

/** From when on silence speaks against it, and for how long it must have lasted; null: its word stands. */
function staleAt(one: Stating, situation: Situation): { at_ms: number; after_ms: number } | null {
  const { voice, statement } = one;
  const { terminal, tools_since_ms, now_ms } = situation;
  const { watched, watched_since_ms, draws_steadily, idle_ms } = terminal;
  if (!watched || !draws_steadily || tools_since_ms.length > 0) return null;
  const isOld = EVIDENCE_OF[voice.name] === 'osc' && statement.last_ms < watched_since_ms;
  const after_ms = isOld ? OLD_WORD_STANDS_MS : voice.silence_refutes_after_ms;
  return after_ms === null
    ? null
    : { at_ms: Math.max(now_ms - idle_ms, statement.at_ms) + after_ms, after_ms };
}

function stale({ statement }: Stating, after_ms: number, { now_ms }: Situation): Verdict {
  const against = `its terminal has been silent for ${after_ms / 1000} s`;
  return {
    state: 'WAITING',
    ask: null,
    hangs: false,
    rule: 'a word that may be out of date does not stand against silence',
    evidence: evidence(EVIDENCE_OF.activity, `${statement.text}, but ${against}`, now_ms),
    until_ms: null,
    by: 'activity',
    against,
  };
}

/** When an open tool call will count as a request unless something moves; null: it will not. */
function mayAskAt(
  { voice, statement }: Stating,
  { now_ms, terminal, tools_since_ms }: Situation,
): number | null {
  const { open_call_asks_after_ms: after_ms } = voice;
  if (statement.says !== 'tool' || after_ms === null || !terminal.watched || tools_since_ms.length > 0)
    return null;
  return now_ms - terminal.idle_ms + after_ms;
}

function waiting(one: Stating, ask: Ask, situation: Situation): Verdict {
  const { voice, statement } = one;
  const { now_ms, options } = situation;
  const { drawing_refutes_after_ms: after_ms } = voice;
  if (after_ms !== null && ask !== 'suspended' && drawsAgainst(statement, after_ms, situation)) {
    const against = `it has been drawing for ${after_ms / 1000} s without a key being pressed`;
    return {
      state: 'WORKING',
      ask: null,
      hangs: false,
      rule: 'a waiting agent does not keep drawing',
      evidence: evidence(EVIDENCE_OF.activity, `${statement.text}, but ${against}`, now_ms),
      until_ms: now_ms + options.wait_threshold_ms,
      by: 'activity',
      against,
    };
  }
  const said = evidence(EVIDENCE_OF[voice.name], statement.text, statement.at_ms);
  const rule = RULES[voice.name].waiting(situation);
  const by = voice.name;
  return { state: 'WAITING', ask, hangs: false, rule, evidence: said, until_ms: null, by, against: null };
}

function drawsAgainst({ at_ms }: LastStatement, after_ms: number, { terminal }: Situation): boolean {
  const { run_ms, run_since_ms, run_outputs, draws_steadily, keys_seen } = terminal;
  if (!draws_steadily || !keys_seen || run_ms < after_ms || run_since_ms <= at_ms) return false;
  return run_outputs >= run_ms / 500;
}

function unchanged({ known }: Situation, until_ms: number | null, against: string): Verdict {
  const rule =
    known.state === 'UNKNOWN' ? 'nothing has told its state yet' : 'nothing has changed its state yet';
  return {
    state: null,
    ask: null,
    hangs: false,
    rule,
    evidence: known.evidence,
    until_ms,
    by: null,
    against,
  };
}

/** There is one with each observation, and of a thousand nobody asks for the voices: they are weighed then. */
class Resolved implements Resolution {
  readonly state: Resolution['state'];
  readonly reason: Resolution['reason'];
  readonly until_ms: number | null;
  readonly evidence: Resolution['evidence'];
  readonly rule: string;

  constructor(
    private readonly situation: Situation,
    private readonly verdict: Verdict,
    private readonly heard: Speaking | null,
    private readonly overruled: ReadonlyMap<VoiceName, string>,
  ) {
    const { state, reason, until_ms } = stateOf(situation, verdict);
    this.state = state;
    this.reason = reason;
    this.until_ms = until_ms;
    this.evidence = verdict.evidence;
    this.rule = verdict.rule;
  }

  get voices(): Weighed[] {
    const { situation, verdict, heard, overruled } = this;
    return situation.speaking.map(one => weigh(one, verdict, heard, overruled, situation));
  }
}

function stateOf(
  situation: Situation,
  { state, ask, hangs, until_ms }: Verdict,
): Pick<Resolution, 'state' | 'reason' | 'until_ms'> {
  const { known, now_ms, tools_since_ms, progress_ms, options } = situation;
  if (state === null) return { state: known.state, reason: known.reason, until_ms };
  if (state === 'WAITING') {
    if (ask !== null) return { state, reason: ask, until_ms };
    const over_ms = known.has_worked ? goesOnUntil(situation) : null;
    const again_ms = over_ms !== null && Number.isFinite(over_ms) ? over_ms : null;
    const isDone = known.has_worked && over_ms === null;
    return { state, reason: isDone ? 'done' : 'input', until_ms: earliest(until_ms, again_ms) };
  }
  const shown_ms = Math.min(...tools_since_ms) + TOOL_SHOWN_MS;
  if (now_ms >= shown_ms) return { state, reason: 'tool', until_ms };
  if (hangs) return { state, reason: 'hung', until_ms };
  const soon_ms = tools_since_ms.length > 0 ? shown_ms : null;
  const retrying_ms = retryingUntil(situation);
  if (retrying_ms !== null)
    return { state, reason: 'retrying', until_ms: earliest(until_ms, soon_ms, retrying_ms) };
  const stalls_ms = progress_ms + options.stall_after_ms;
  if (now_ms >= stalls_ms) return { state, reason: 'stalled', until_ms: earliest(until_ms, soon_ms) };
  return { state, reason: 'thinking', until_ms: earliest(until_ms, soon_ms, stalls_ms) };
}

function earliest(...times: (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
}
