import { printable } from '../../../lib/text/printable.js';
import { untilWords } from '../../../lib/time/clock-words.js';
import { concernOf, isRequest } from '../../../model/agent.js';
import { projectOf } from '../badges/badge.js';
import { type HelperAgent, type HelperConfig, idOf } from '../protocol.js';

export type Urgency = 'low' | 'normal' | 'critical';
export type NotificationKind = AgentNotificationKind | 'alert';
export type AgentNotificationKind =
  | 'approval'
  | 'question'
  | 'done'
  | 'stalled'
  | 'hung'
  | 'limit'
  | 'available' // its limit is over, and it has not gone on by itself
  | 'auth'
  | 'error'
  | 'ended';

const TROUBLES: ReadonlySet<NotificationKind> = new Set([
  'stalled',
  'hung',
  'limit',
  'auth',
  'error',
  'ended',
]);

/** Said once, never again and again: it does not go on by itself, and its person knows. */
export function isTrouble(kind: NotificationKind): boolean {
  return TROUBLES.has(kind);
}

/** A notification as it should stand on the screen. All text is foreign and not yet escaped. */
export interface NotificationIntent {
  kind: NotificationKind;
  /** Identity of what it is about: another key is another event, worth a new look. */
  key: string;
  summary: string;
  /** The first line of the body: the agent's project, the alert's title. */
  heading: string;
  /** Below the heading, a line each. */
  lines: string[];
  urgency: Urgency;
}

const MAX_LINE = 240;

/** What an agent's present state has to say to its person; null: nothing. */
export function intentFor(
  agent: HelperAgent,
  config: HelperConfig['notifications'],
  now_ms: number,
): NotificationIntent | null {
  if (!agent.interactive) return null;
  const kind = kindOf(agent, now_ms);
  if (kind === null) return null;
  // A quota that is used up is the same one until it is there again, however often the agent tries.
  const limited = kind === 'limit' || kind === 'available';
  const event = limited ? `${kind} ${agent.resets_at_ms}` : `${agent.reason} ${agent.since_ms}`;
  return {
    kind,
    key: `${idOf(agent)} ${agent.state} ${event}`,
    summary: `${printable(agent.label, 40)}: ${headline(kind, agent)}`,
    heading: headingOf(agent),
    lines: [...lines(kind, agent, now_ms), ...attachLines(kind, agent)],
    urgency: urgencyOf(kind, config),
  };
}

/** `shop · shop-dev (podman) · zed`: what it works on and where, as far as that is no terminal of this machine. */
function headingOf(agent: HelperAgent): string {
  const places = [agent.container, agent.host].map(place => printable(place ?? '', 64));
  return [projectOf(agent, 80), ...places].filter(part => part !== '').join(' · ');
}

function kindOf(agent: HelperAgent, now_ms: number): AgentNotificationKind | null {
  const { state, reason, resets_at_ms } = agent;
  if (state === 'EXITED') return endedBadly(agent) ? 'ended' : null;
  if (reason === 'limit') return resets_at_ms !== null && resets_at_ms <= now_ms ? 'available' : 'limit';
  const told =
    isRequest(reason) || concernOf(reason) === 'trouble' || (state === 'WAITING' && reason === 'done');
  return told ? (reason as AgentNotificationKind) : null;
}

/** Ended by its person: Ctrl-C, a closed terminal, `kill`. */
const WANTED_SIGNALS = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);
const WANTED_CODES = new Set([129, 130, 141, 143]);

function endedBadly({ reason, signal, exit_code, has_worked }: HelperAgent): boolean {
  if (reason === 'oom') return true;
  if (reason === 'signal') return !WANTED_SIGNALS.has(signal ?? '');
  return has_worked && exit_code !== null && exit_code !== 0 && !WANTED_CODES.has(exit_code);
}

function headline(kind: AgentNotificationKind, { reason, signal }: HelperAgent): string {
  switch (kind) {
    case 'approval':
      return 'approve?';
    case 'question':
      return 'question';
    case 'done':
      return 'done';
    case 'stalled':
      return 'stalled';
    case 'hung':
      return 'hung';
    case 'limit':
      return 'out of quota';
    case 'available':
      return 'quota is back';
    case 'auth':
      return 'login needed';
    case 'error':
      return 'API error';
    case 'ended':
      if (reason === 'oom') return 'out of memory';
      return signal === 'SIGKILL' ? 'killed' : 'crashed';
  }
}

function lines(kind: AgentNotificationKind, agent: HelperAgent, now_ms: number): string[] {
  const worked = agent.worked_ms >= 1000 ? [`worked ${duration(agent.worked_ms)}`] : [];
  const asks = agent.asks === null ? [] : [printable(agent.asks, MAX_LINE)];
  switch (kind) {
    case 'approval':
    case 'question':
      return [...asks, ...worked];
    case 'done':
      return worked;
    case 'stalled':
      return [`no sign of progress, after ${duration(agent.worked_ms)} of work`];
    case 'hung':
      return ['it says that it works, but neither draws nor reads', ...worked];
    case 'limit':
      return [`its quota is used up${untilWords(agent.resets_at_ms, now_ms)}`, ...worked];
    case 'available':
      return ['its limit is over: it goes on when you tell it to'];
    case 'auth':
      return ['its login is not valid any more', ...worked];
    case 'error':
      return ['the turn ended in an error of the API', ...worked];
    case 'ended': {
      if (agent.reason === 'oom') return ['it was killed because memory ran out', ...worked];
      const how = agent.signal === null ? `exit code ${agent.exit_code}` : printable(agent.signal, 32);
      return [how, ...worked];
    }
  }
}

/** A click cannot lead to what no terminal shows. */
function attachLines(kind: AgentNotificationKind, { attach }: HelperAgent): string[] {
  return kind === 'ended' || attach == null ? [] : [`attach with: ${printable(attach, MAX_LINE)}`];
}

function urgencyOf(kind: AgentNotificationKind, config: HelperConfig['notifications']): Urgency {
  switch (kind) {
    case 'approval':
      return config.urgency_approval;
    case 'question':
      return config.urgency_question;
    case 'done':
    case 'available':
      return config.urgency_done;
    default:
      return config.urgency_trouble;
  }
}

/** `42 s`, `3 min 20 s`, `1 h 05 min` */
export function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}
