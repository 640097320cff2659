import type { HelperAgent, HelperConfig } from '../protocol.js';
import { intentFor, type NotificationIntent } from './intent.js';

/** What is remembered of one event (of one `NotificationIntent.key`). */
export interface EventMemory {
  key: string;
  first_ms: number;
  /** On the screen for the first time; null: not yet, as far as is known. */
  shown_ms: number | null;
  /** `dropped`: seen, too short, quiet hours; it stays so. `gone`: shown, and the person is through with it. */
  fate: 'open' | 'dropped' | 'gone';
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

/** What should be on the screen. Pure: what it remembers goes in and comes out. */
export function decide(before: ReadonlyMap<number, EventMemory>, input: PolicyInput): Decision {
  const decision: Decision = { intents: new Map(), memory: new Map(), again_ms: null };
  if (!input.config.enabled) return decision;
  for (const agent of input.agents) {
    const intent = intentFor(agent, input.config);
    if (intent === null) continue;
    const known = before.get(agent.pid);
    const memory = known?.key === intent.key ? { ...known } : born(intent, agent, input);
    const due_ms = dueTime(agent, intent, memory, input);
    decision.memory.set(agent.pid, memory);
    if (due_ms === null) continue;
    if (due_ms <= input.now_ms) decision.intents.set(agent.pid, { ...intent, round: memory.round });
    const again_ms = due_ms > input.now_ms ? due_ms : reminderTime(memory, input);
    if (again_ms !== null && again_ms > input.now_ms)
      decision.again_ms = Math.min(decision.again_ms ?? again_ms, again_ms);
  }
  return decision;
}

function born(intent: NotificationIntent, agent: HelperAgent, input: PolicyInput): EventMemory {
  const memory: EventMemory = {
    key: intent.key,
    first_ms: input.now_ms,
    shown_ms: null,
    fate: 'open',
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
  return drop ? { ...memory, fate: 'dropped' } : memory;
}

/** When it is to be on the screen; null: not, or no more. Moves the memory on. */
function dueTime(
  agent: HelperAgent,
  intent: NotificationIntent,
  memory: EventMemory,
  input: PolicyInput,
): number | null {
  const { now_ms, config } = input;
  if (memory.fate === 'dropped') return null;
  const reminder_ms = reminderTime(memory, input);
  if (reminder_ms !== null && reminder_ms <= now_ms) {
    memory.reminded = true;
    memory.fate = 'open';
    memory.round++;
  }
  if (memory.fate === 'gone') return reminderTime(memory, input);
  if (memory.snoozed_until_ms !== null) {
    if (memory.snoozed_until_ms > now_ms) return memory.snoozed_until_ms;
    memory.snoozed_until_ms = null;
    memory.round++;
  }
  const seen = input.isSeen(agent.pid);
  if (!isRequest(intent)) {
    // A finished turn that was looked at is no news any more.
    if (seen) memory.fate = 'gone';
    return seen ? null : now_ms;
  }
  // Whoever looks at it needs no popup; who only left it in front does.
  if (seen && memory.round === 0) return memory.first_ms + config.focused_grace_s * 1000;
  return agent.asks === null && agent.has_transcript ? memory.first_ms + TRANSCRIPT_MS : now_ms;
}

function reminderTime(memory: EventMemory, { config }: PolicyInput): number | null {
  if (config.remind_after_s === 0 || memory.reminded || memory.fate === 'dropped') return null;
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
