import { type HelperAgent, type HelperConfig, idOf } from '../protocol.js';
import { intentFor, isTrouble, type NotificationIntent, type NotificationKind } from './intent.js';

/** What is remembered of one event (of one `NotificationIntent.key`). */
export interface EventMemory {
  key: string;
  kind: NotificationKind;
  /** The agent has left this trouble, and when: it may come back to it. Null: it is in it. */
  left_ms: number | null;
  first_ms: number;
  /** On the screen for the first time; null: not yet, as far as is known. */
  shown_ms: number | null;
  /** `dropped`: seen, too short, quiet hours; it stays so. `closed`: shown, and the person is through with it. */
  popup: 'open' | 'dropped' | 'closed';
  snoozed_until_ms: number | null;
  reminded: boolean;
  /** How often the person must be told anew: a new round is a new popup. */
  round: number;
}

export interface PolicyInput {
  agents: readonly HelperAgent[];
  /** The person has the agent before their eyes. */
  isSeen(pid: number): boolean;
  now_ms: number;
  /** Minutes since midnight, local time. */
  minute_of_day: number;
  /** Turns that ended before this were over before anybody could have been told. */
  started_ms: number;
  config: HelperConfig['notifications'];
}

export interface Decision {
  /** What should be on the screen now. */
  intents: Map<number, NotificationIntent & { round: number }>;
  memory: Map<number, EventMemory>;
  /** When to decide again although nothing happened. */
  again_ms: number | null;
}

/** So long a request is held back for what is asked: transcripts follow registries by up to 100 ms. */
export const TRANSCRIPT_MS = 180;

/** A trouble that comes back within this time is the same one, and was told of. */
const SAME_TROUBLE_MS = 2 * 60_000;

/** What should be on the screen. Pure: what it remembers goes in and comes out. */
export function decide(before: ReadonlyMap<number, EventMemory>, input: PolicyInput): Decision {
  const decision: Decision = { intents: new Map(), memory: new Map(), again_ms: null };
  if (!input.config.enabled) return decision;
  for (const agent of input.agents) {
    const intent = intentFor(agent, input.config, input.now_ms);
    const known = before.get(idOf(agent));
    if (intent === null) {
      if (known !== undefined && isTrouble(known.kind))
        decision.memory.set(idOf(agent), left(known, input.now_ms));
      continue;
    }
    const memory = isSame(known, intent, input.now_ms)
      ? { ...known, key: intent.key, left_ms: null }
      : born(intent, agent, input);
    const due_ms = dueTime(agent, intent, memory, input);
    decision.memory.set(idOf(agent), memory);
    if (due_ms === null) {
      againAt(decision, agent.reason === 'limit' ? agent.resets_at_ms : null, input.now_ms);
      continue;
    }
    if (due_ms <= input.now_ms) decision.intents.set(idOf(agent), { ...intent, round: memory.round });
    const later_ms = agent.reason === 'limit' ? agent.resets_at_ms : reminderTime(memory, input);
    const again_ms = due_ms > input.now_ms ? due_ms : later_ms;
    againAt(decision, again_ms, input.now_ms);
  }
  return decision;
}

function againAt(decision: Decision, at_ms: number | null, now_ms: number): void {
  if (at_ms !== null && at_ms > now_ms) decision.again_ms = Math.min(decision.again_ms ?? at_ms, at_ms);
}

/** Its popup goes; should the agent be back in the same trouble soon, it is not told again. */
function left(known: EventMemory, now_ms: number): EventMemory {
  return known.left_ms === null ? { ...known, popup: 'closed', left_ms: now_ms } : known;
}

/** The same event, or the same trouble as a moment ago: it tried again, and failed again. */
function isSame(
  known: EventMemory | undefined,
  { key, kind }: NotificationIntent,
  now_ms: number,
): known is EventMemory {
  if (known === undefined) return false;
  if (known.key === key) return true;
  // Until when it holds may be heard a moment later.
  if (kind === 'limit' && known.kind === 'limit' && known.left_ms === null) return true;
  const back = known.left_ms !== null && now_ms - known.left_ms < SAME_TROUBLE_MS;
  return back && kind === known.kind && kind !== 'limit';
}

function born(intent: NotificationIntent, agent: HelperAgent, input: PolicyInput): EventMemory {
  const memory: EventMemory = {
    key: intent.key,
    kind: intent.kind,
    left_ms: null,
    first_ms: input.now_ms,
    shown_ms: null,
    popup: 'open',
    snoozed_until_ms: null,
    reminded: false,
    round: 0,
  };
  if (isRequest(intent)) return memory;
  const { config } = input;
  const drop =
    input.isSeen(agent.pid) ||
    agent.since_ms < input.started_ms ||
    isQuiet(config.quiet_hours, input.minute_of_day) ||
    (intent.kind === 'done' && agent.worked_ms < config.min_work_seconds * 1000);
  return drop ? { ...memory, popup: 'dropped' } : memory;
}

/** When it is to be on the screen; null: not, or no more. Moves the memory on. */
function dueTime(
  agent: HelperAgent,
  intent: NotificationIntent,
  memory: EventMemory,
  input: PolicyInput,
): number | null {
  const { now_ms, config } = input;
  if (memory.popup === 'dropped') return null;
  const reminder_ms = reminderTime(memory, input);
  if (reminder_ms !== null && reminder_ms <= now_ms) {
    memory.reminded = true;
    memory.popup = 'open';
    memory.round++;
  }
  if (memory.popup === 'closed') return reminderTime(memory, input);
  if (memory.snoozed_until_ms !== null) {
    if (memory.snoozed_until_ms > now_ms) return memory.snoozed_until_ms;
    memory.snoozed_until_ms = null;
    memory.round++;
  }
  const seen = input.isSeen(agent.pid);
  if (!isRequest(intent)) {
    // A finished turn that was looked at is no news any more.
    if (seen) memory.popup = 'closed';
    return seen ? null : now_ms;
  }
  // Whoever looks at it needs no popup; who only left it in front does.
  if (seen && memory.round === 0) return memory.first_ms + config.focused_grace_s * 1000;
  return agent.asks === null && agent.has_transcript ? memory.first_ms + TRANSCRIPT_MS : now_ms;
}

function reminderTime(memory: EventMemory, { config }: PolicyInput): number | null {
  // Trouble is told of once: who knows that a quota is used up can do nothing about it.
  if (isTrouble(memory.kind) || memory.kind === 'available') return null;
  if (config.remind_after_s === 0 || memory.reminded || memory.popup === 'dropped') return null;
  return (memory.shown_ms ?? memory.first_ms) + config.remind_after_s * 1000;
}

/** Its popup is on the screen. A bus or server that took its time has nobody reminded of what they never saw. */
export function shownAt(memory: EventMemory, now_ms: number): EventMemory {
  return memory.shown_ms === null ? { ...memory, shown_ms: now_ms, reminded: false } : memory;
}

function isRequest(intent: NotificationIntent): boolean {
  return intent.kind === 'approval' || intent.kind === 'question';
}

/** `22:00-07:00`: from the first minute to before the last one, over midnight if need be. */
export function isQuiet(hours: string, minute: number): boolean {
  const match = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(hours);
  if (match === null) return false;
  const [from, to] = [Number(match[1]) * 60 + Number(match[2]), Number(match[3]) * 60 + Number(match[4])];
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
