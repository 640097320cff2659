import { printable } from '../../../lib/text/printable.js';
import { projectOf } from '../badges/badge.js';
import type { HelperAgent, HelperConfig } from '../protocol.js';

export type Urgency = 'low' | 'normal' | 'critical';
export type NotificationKind = AgentNotificationKind | 'alert';
export type AgentNotificationKind = 'approval' | 'question' | 'done' | 'stalled' | 'ended';

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
): NotificationIntent | null {
  if (!agent.interactive) return null;
  const kind = kindOf(agent);
  if (kind === null) return null;
  return {
    kind,
    key: `${agent.pid} ${agent.state} ${agent.reason} ${agent.since_ms}`,
    summary: `${printable(agent.label, 40)}: ${headline(kind, agent)}`,
    heading: headingOf(agent),
    lines: lines(kind, agent),
    urgency: urgencyOf(kind, config),
  };
}

function headingOf(agent: HelperAgent): string {
  const container = agent.container === null ? [] : [printable(agent.container, 64)];
  return [projectOf(agent, 80), ...container].filter(part => part !== '').join(' · ');
}

function kindOf(agent: HelperAgent): AgentNotificationKind | null {
  if (agent.state === 'WAITING') {
    const { reason } = agent;
    return reason === 'approval' || reason === 'question' || reason === 'done' ? reason : null;
  }
  if (agent.state === 'WORKING') return agent.reason === 'stalled' ? 'stalled' : null;
  return agent.state === 'EXITED' && isTrouble(agent) ? 'ended' : null;
}

/** Ended by its person: Ctrl-C, a closed terminal, `kill`. */
const WANTED_SIGNALS = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);
const WANTED_CODES = new Set([129, 130, 141, 143]);

function isTrouble({ reason, signal, exit_code, has_worked }: HelperAgent): boolean {
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
    case 'ended':
      if (reason === 'oom') return 'out of memory';
      return signal === 'SIGKILL' ? 'killed' : 'crashed';
  }
}

function lines(kind: AgentNotificationKind, agent: HelperAgent): string[] {
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
    case 'ended': {
      if (agent.reason === 'oom') return ['it was killed because memory ran out', ...worked];
      const how = agent.signal === null ? `exit code ${agent.exit_code}` : printable(agent.signal, 32);
      return [how, ...worked];
    }
  }
}

function urgencyOf(kind: AgentNotificationKind, config: HelperConfig['notifications']): Urgency {
  switch (kind) {
    case 'approval':
      return config.urgency_approval;
    case 'question':
      return config.urgency_question;
    case 'done':
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
