import type { Evidence, Reason, State, WaitingReason } from '../../model/agent.js';
import { TOOL_SHOWN_MS } from '../standard-voices.js';
import { EVIDENCE_OF, isWork, type Overruling, type VoiceName } from '../voice.js';
import { evidence, type Heard } from './session.js';
import type { Situation, Speaking } from './situation.js';

/** How one voice fared. */
export interface Weighed {
  voice: VoiceName;
  /**
   * `decides`: the state rests on it. `agrees`: it says the same. `disbelieved`: it says something else. `silent`: it
   * says nothing.
   */
  verdict: 'decides' | 'agrees' | 'disbelieved' | 'silent';
  /** What it says and since when; null: nothing. */
  text: string | null;
  at_ms: number | null;
  /** Why it is believed or not, in words. */
  why: string;
}

/** The state that an agent is in, and why: the one answer, for the transition and for `explain`. */
export interface Resolution {
  state: State;
  reason: Reason | null;
  evidence: Evidence;
  /** The rule that decided, in words. */
  rule: string;
  /** All voices of the agent, strongest first. */
  voices: Weighed[];
  /** When this must be looked at again although nothing happened; null: never. */
  until_ms: number | null;
}

const NOT_YET = 'it has not said so for long enough yet';

/** What people call the voices. */
const NAMES: Record<VoiceName, string> = {
  process: 'way it was started',
  registry: 'session file',
  status: 'status on its terminal',
  title: 'window title',
  transcript: 'transcript',
  blocked_read: 'read on its terminal',
  activity: 'activity of its terminal',
  children: 'tool that runs',
};

/** An Enter this long before a word to work explains it. */
const ENTER_EXPLAINS_MS = 2_000;

interface Verdict {
  /** Null: as before. */
  state: 'WORKING' | 'WAITING' | null;
  ask: Ask;
  rule: string;
  evidence: Evidence;
  until_ms: number | null;
  /** What decided; null: nothing did. */
  by: VoiceName | null;
  /** Why the voice that was heard is not believed; null: it is. */
  against: string | null;
}

type Ask = Extract<WaitingReason, 'approval' | 'question'> | null;
type Spoken = Speaking & { word: Heard & { says: NonNullable<Heard['says']> } };

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
      return resolution(
        situation,
        { ...verdict, until_ms: earliest(verdict.until_ms, until_ms) },
        one,
        overruled,
      );
    }
    overruled.set(one.voice.name, `the ${NAMES[rival.by]} says otherwise, and has the say`);
  }
  return resolution(situation, { ...unchanged(situation, null, ''), until_ms }, null, overruled);
}

function speaks(one: Speaking): one is Spoken {
  return one.word !== null && one.word.says !== null && one.void === null;
}

/** Which voice has the say over this one, now or at `until_ms`. */
function rivalOf(one: Spoken, situation: Situation): { by: VoiceName | null; until_ms: number | null } {
  let until_ms: number | null = null;
  for (const rule of one.voice.overruled_by) {
    const rival = situation.speaking.find(other => isRival(other, one, rule));
    if (rival === undefined || rival.word === null) continue;
    const since_ms = rival.word.at_ms + (rule.once_late ? one.voice.latency_ms : 0);
    if (situation.now_ms >= since_ms) return { by: rival.voice.name, until_ms: null };
    until_ms = earliest(until_ms, since_ms);
  }
  return { by: null, until_ms };
}

function isRival(other: Speaking, one: Spoken, { by, saying, if_later }: Overruling): boolean {
  if (!by.includes(other.voice.name) || !speaks(other)) return false;
  const works = isWork(other.word.says);
  if (works !== (saying === 'working') || works === isWork(one.word.says)) return false;
  return !if_later || other.word.at_ms > one.word.at_ms;
}

/** What follows from the voice that has the say. */
function judge(one: Spoken, situation: Situation): Verdict {
  const ask = askOf(one, situation);
  const works = isWork(one.word.says) && ask === null;
  const at_ms = sinceOf(one, ask, situation);
  const spoken = { ...one, word: { ...one.word, at_ms } };
  return (
    unclear(spoken, situation) ??
    unsettled(spoken, works, ask, situation) ??
    (works ? working(spoken, situation) : waiting(spoken, ask, situation))
  );
}

/** What it asks for, as exactly as any voice knows it. */
function askOf(one: Spoken, situation: Situation): Ask {
  const { refined_by } = one.voice;
  const own = ownAsk(one, situation);
  const finer = situation.speaking.find(({ voice }) => voice.name === refined_by?.by);
  const refined = finer !== undefined && speaks(finer) ? ownAsk(finer, situation) : null;
  if (refined_by?.what === 'idle' && !isWork(one.word.says)) return own ?? refined;
  if (refined_by?.what !== 'asking' || own === null) return own;
  if (refined === 'question') return refined;
  const { reason, since_ms } = situation.known;
  // Answered, but this voice does not say so yet.
  return reason === 'question' && since_ms >= one.word.at_ms ? 'question' : own;
}

/** An open tool call is a request when nothing runs and nothing moves. */
function ownAsk({ voice, word }: Spoken, { tools_since_ms, terminal }: Situation): Ask {
  if (word.says === 'approval' || word.says === 'question') return word.says;
  const { open_call_asks_after_ms: after_ms } = voice;
  if (word.says !== 'tool' || after_ms === null || tools_since_ms.length > 0) return null;
  return terminal.idle_ms >= after_ms ? 'approval' : null;
}

/** When it became so: a voice that is quicker can have said a moment before that the turn is over. */
function sinceOf({ voice, word }: Spoken, ask: Ask, { speaking }: Situation): number {
  const { begins_with } = voice;
  if (begins_with === null || ask !== null || isWork(word.says)) return word.at_ms;
  const quicker = speaking.find(({ voice: other }) => other.name === begins_with.voice);
  if (quicker === undefined || !speaks(quicker) || quicker.word.says !== 'idle') return word.at_ms;
  const ahead_ms = word.at_ms - quicker.word.at_ms;
  return ahead_ms > 0 && ahead_ms < begins_with.within_ms ? quicker.word.at_ms : word.at_ms;
}

/** Seen from outside, it takes its time until it is clear. */
function unclear({ clear_ms }: Spoken, situation: Situation): Verdict | null {
  if (clear_ms === null || situation.now_ms >= clear_ms) return null;
  return unchanged(situation, clear_ms, NOT_YET);
}

/** A word that is taken back at once is none: until it has stood for a while all is as before. */
function unsettled({ voice, word }: Spoken, works: boolean, ask: Ask, situation: Situation): Verdict | null {
  const { now_ms, known, terminal } = situation;
  const refined_ms = ask === null ? null : refinedBy({ voice, word }, situation);
  if (refined_ms !== null)
    return unchanged(situation, refined_ms, 'what it asks for will be known in a moment');
  for (const rule of voice.settles) {
    if ((rule.says === 'working') !== works || ask !== null) continue;
    const isFrom = rule.from === 'not WORKING' ? known.state !== 'WORKING' : known.state === rule.from;
    if (!isFrom || (rule.unless_enter && enterExplains(word, situation))) continue;
    const settled_ms = word.at_ms + rule.after_ms;
    if (now_ms < settled_ms) return unchanged(situation, settled_ms, NOT_YET);
    if (rule.and_goes_on && terminal.draws_steadily && !goesOn(word, rule.after_ms, situation))
      return unchanged(situation, null, 'no Enter explains it, and nothing of it goes on');
  }
  return null;
}

/** Until when the voice that knows what is asked may not have said so yet; null: it has, or should have. */
function refinedBy({ voice, word }: Pick<Spoken, 'voice' | 'word'>, situation: Situation): number | null {
  const { speaking, now_ms } = situation;
  const finer = speaking.find(other => other.voice.name === voice.refined_by?.by);
  if (voice.refined_by?.what !== 'asking' || finer?.word?.says !== 'working') return null;
  const known_ms = word.at_ms + finer.voice.latency_ms;
  return now_ms < known_ms ? known_ms : null;
}

function enterExplains({ at_ms }: Heard, { terminal: { last_enter_ms } }: Situation): boolean {
  return last_enter_ms !== null && at_ms - last_enter_ms < ENTER_EXPLAINS_MS;
}

/**
 * A working agent's spinner moves on; one frame alone is a blip whose end was not heard. Where the title has none, or is
 * switched off, its drawing must go on.
 */
function goesOn({ at_ms }: Heard, blip_ms: number, { speaking, terminal }: Situation): boolean {
  const title = speaking.find(one => one.voice.goes_on && one.voice.name !== 'activity');
  if (title === undefined || title.word === null) return terminal.run_ms >= 2 * blip_ms;
  return title.word.says === 'working' && title.word.last_ms >= at_ms + blip_ms / 2;
}

function working(one: Spoken, situation: Situation): Verdict {
  const { voice, word } = one;
  const { now_ms, terminal, tools_since_ms } = situation;
  const said = evidence(EVIDENCE_OF[voice.name], word.text, word.at_ms);
  const verdict: Verdict = {
    ...{ state: 'WORKING', ask: null, rule: RULES[voice.name].working(situation), evidence: said },
    ...{ until_ms: null, by: voice.name, against: null },
  };
  const asks_ms = mayAskAt(one, situation);
  const silence = voice.refuted_by.find(({ by }) => by === 'silence');
  const { draws_steadily, has_drawn, watched } = terminal;
  if (silence === undefined || !draws_steadily || !has_drawn || !watched || tools_since_ms.length > 0)
    return { ...verdict, until_ms: asks_ms };
  // Silence from before the word does not speak against it; the echo of typing does not speak for it.
  const quiet_ms = Math.min(terminal.idle_ms, now_ms - word.at_ms);
  if (quiet_ms < silence.after_ms)
    return { ...verdict, until_ms: asks_ms ?? now_ms - quiet_ms + silence.after_ms };
  const against = `its terminal has been silent for ${silence.after_ms / 1000} s`;
  return {
    ...{ state: 'WAITING', ask: null, rule: 'a working agent of this kind never stops drawing' },
    ...{ evidence: evidence(EVIDENCE_OF.activity, `${word.text}, but ${against}`, now_ms), until_ms: null },
    ...{ by: 'activity', against },
  };
}

/** When an open tool call will count as a request unless something moves; null: it will not. */
function mayAskAt({ voice, word }: Spoken, { now_ms, terminal, tools_since_ms }: Situation): number | null {
  const { open_call_asks_after_ms: after_ms } = voice;
  if (word.says !== 'tool' || after_ms === null || !terminal.watched || tools_since_ms.length > 0)
    return null;
  return now_ms - terminal.idle_ms + after_ms;
}

function waiting(one: Spoken, ask: Ask, situation: Situation): Verdict {
  const { voice, word } = one;
  const { now_ms, options } = situation;
  const drawing = voice.refuted_by.find(({ by }) => by === 'drawing');
  if (drawing !== undefined && drawsAgainst(word, drawing.after_ms, situation)) {
    const against = `it has been drawing for ${drawing.after_ms / 1000} s without a key being pressed`;
    return {
      ...{ state: 'WORKING', ask: null, rule: 'a waiting agent does not keep drawing' },
      evidence: evidence(EVIDENCE_OF.activity, `${word.text}, but ${against}`, now_ms),
      ...{ until_ms: now_ms + options.wait_threshold_ms, by: 'activity', against },
    };
  }
  const said = evidence(EVIDENCE_OF[voice.name], word.text, word.at_ms);
  const rule = RULES[voice.name].waiting(situation);
  return { state: 'WAITING', ask, rule, evidence: said, until_ms: null, by: voice.name, against: null };
}

function drawsAgainst({ at_ms }: Heard, after_ms: number, { terminal }: Situation): boolean {
  const { run_ms, run_since_ms, run_outputs, draws_steadily, keys_seen } = terminal;
  if (!draws_steadily || !keys_seen || run_ms < after_ms || run_since_ms <= at_ms) return false;
  return run_outputs >= run_ms / 500;
}

function unchanged({ known }: Situation, until_ms: number | null, against: string): Verdict {
  const rule =
    known.state === 'UNKNOWN' ? 'nothing has told its state yet' : 'nothing has changed its state yet';
  return { state: null, ask: null, rule, evidence: known.evidence, until_ms, by: null, against };
}

function resolution(
  situation: Situation,
  verdict: Verdict,
  heard: Speaking | null,
  overruled: ReadonlyMap<VoiceName, string>,
): Resolution {
  const { rule, evidence: found } = verdict;
  return {
    ...stateOf(situation, verdict),
    evidence: found,
    rule,
    voices: situation.speaking.map(one => weigh(one, verdict, heard, overruled, situation)),
  };
}

function stateOf(
  { known, now_ms, tools_since_ms, progress_ms, options }: Situation,
  { state, ask, until_ms }: Verdict,
): Pick<Resolution, 'state' | 'reason' | 'until_ms'> {
  if (state === null) return { state: known.state, reason: known.reason, until_ms };
  if (state === 'WAITING') return { state, reason: ask ?? (known.has_worked ? 'done' : 'input'), until_ms };
  const shown_ms = Math.min(...tools_since_ms) + TOOL_SHOWN_MS;
  if (now_ms >= shown_ms) return { state, reason: 'tool', until_ms };
  const soon_ms = tools_since_ms.length > 0 ? shown_ms : null;
  const stalls_ms = progress_ms + options.stall_after_ms;
  if (now_ms >= stalls_ms) return { state, reason: 'stalled', until_ms: earliest(until_ms, soon_ms) };
  return { state, reason: 'thinking', until_ms: earliest(until_ms, soon_ms, stalls_ms) };
}

function weigh(
  one: Speaking,
  { state, by, against, rule }: Verdict,
  heard: Speaking | null,
  overruled: ReadonlyMap<VoiceName, string>,
  situation: Situation,
): Weighed {
  const { known, now_ms } = situation;
  const { name } = one.voice;
  const clear = one.clear_ms === null || now_ms >= one.clear_ms;
  const said = { text: one.word?.text ?? null, at_ms: one.word?.at_ms ?? null };
  const as = (verdict: Weighed['verdict'], why: string): Weighed => ({ voice: name, verdict, ...said, why });
  if (by === name) return as('decides', rule);
  if (one.void !== null) return as('disbelieved', one.void);
  if (!speaks(one)) return as('silent', 'it has said nothing');
  if (!clear) return { voice: name, verdict: 'silent', text: null, at_ms: null, why: NOT_YET };
  const refusal = one === heard ? against : overruled.get(name);
  if (refusal) return as('disbelieved', refusal);
  const works = isWork(one.word.says) && ownAsk(one, situation) === null;
  if (works === ((state ?? known.state) === 'WORKING')) return as('agrees', 'it says the same');
  return as('disbelieved', `the ${NAMES[by ?? heard?.voice.name ?? name]} has the say`);
}

type Rule = (situation: Situation) => string;

function ownWord(name: VoiceName): { working: Rule; waiting: Rule } {
  const rule = () => `the agent's own word (${EVIDENCE_OF[name]}) decides`;
  return { working: rule, waiting: rule };
}

/** The rules by which a voice that is believed decides. */
const RULES: Record<VoiceName, { working: Rule; waiting: Rule }> = {
  process: {
    working: () => 'non-interactive runs never wait for a person',
    waiting: () => 'non-interactive runs never wait for a person',
  },
  registry: ownWord('registry'),
  status: ownWord('status'),
  title: ownWord('title'),
  transcript: ownWord('transcript'),
  blocked_read: {
    working: () => 'a program that reads line by line works when it does not read',
    waiting: ({ options }) => `blocked in read() for ${options.wait_threshold_ms} ms`,
  },
  activity: { working: () => 'unprompted output is work', waiting: () => 'silence is waiting' },
  children: {
    working: () => 'a silent agent whose tool runs is working',
    waiting: () => 'a silent agent whose tool runs is working',
  },
};

function earliest(...times: (number | null)[]): number | null {
  return times.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
}
