import { printable } from '../../../lib/text/printable.js';
import { untilWords } from '../../../lib/time/clock-words.js';
import { isRequest } from '../../../model/agent.js';
import { severityRank } from '../../../model/alert.js';
import { NEWS_MS } from '../badges/attention.js';
import { projectOf } from '../badges/badge.js';
import { intentFor, isTrouble } from '../notify/intent.js';
import { type HelperAgent, type HelperAlert, type HelperConfig, idOf } from '../protocol.js';
import type { TrayColor } from './icon.js';

export type TrayAction =
  | { type: 'focus'; pid: number }
  | { type: 'alert'; id: number }
  | { type: 'pause' }
  | { type: 'open' }
  | { type: 'quit' };

export interface TrayItem {
  /** Null: a line that separates. */
  label: string | null;
  action: TrayAction | null;
}

export interface TrayModel {
  color: TrayColor;
  tooltip: string;
  items: TrayItem[];
}

export interface TrayInput {
  agents: readonly HelperAgent[];
  alerts: readonly HelperAlert[];
  unseen(id: number): number;
  /** Until when trouble of an agent is news; null: its person has looked. */
  newsUntil(id: number): number | null;
  paused: boolean;
  /** The daemon has not spoken for a while. */
  silent: boolean;
  now_ms: number;
  config: HelperConfig['notifications'];
}

const MAX_AGENTS = 30;
const MAX_ALERTS = 10;

const SEPARATOR: TrayItem = { label: null, action: null };
const OPEN: TrayItem = { label: 'Open the live view', action: { type: 'open' } };
/** It ends what the person sees, not the daemon, which is not theirs; `vigil tray` brings it back. */
const QUIT: TrayItem = { label: 'Quit until the next login', action: { type: 'quit' } };

/**
 * Red: an agent got into trouble and nobody has looked yet, an alert is critical, or the daemon is silent. Yellow: somebody
 * waits for the person, trouble lasts, or there are milder alerts. Green: nothing pending. A quota that is used up is no
 * emergency once it is known: nobody can do anything about it until it is there again.
 */
export function trayModel(input: TrayInput): TrayModel {
  const { agents, unseen, paused, silent, now_ms, config } = input;
  const living = agents.filter(({ state }) => state !== 'EXITED');
  const waits = living.filter(agent => isRequest(agent.reason) || unseen(idOf(agent)) > 0).length;
  const troubled = agents.filter(agent => {
    const kind = intentFor(agent, config, now_ms)?.kind;
    return kind !== undefined && isTrouble(kind);
  });
  const alarming = troubled.filter(agent => {
    const ended = agent.state === 'EXITED';
    const until_ms = ended ? agent.since_ms + NEWS_MS : input.newsUntil(idOf(agent));
    return until_ms !== null && now_ms < until_ms;
  });
  const lasts = troubled.some(agent => agent.reason !== 'limit');
  const alerts = input.alerts
    .filter(({ status, severity }) => status === 'open' && severityRank(severity) >= severityRank('warning'))
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.id - a.id);
  const critical = alerts.filter(({ severity }) => severity === 'critical').length;
  const red = silent || alarming.length > 0 || critical > 0;
  const color = red && (silent || !paused) ? 'red' : paused ? 'grey' : null;
  const lines = living.slice(0, MAX_AGENTS).map(agent => ({
    label: `${describe(agent, now_ms)} · Focus`,
    action: { type: 'focus', pid: idOf(agent) } as const,
  }));
  const alertLines = alerts.slice(0, MAX_ALERTS).map(({ id, severity, title }) => ({
    label: `${severity}: ${printable(title, 80)}`,
    action: { type: 'alert', id } as const,
  }));
  return {
    color: color ?? (waits > 0 || lasts || alerts.length > 0 ? 'yellow' : 'green'),
    tooltip: silent
      ? 'vigil does not answer'
      : paused
        ? 'paused'
        : tooltip(living.length, waits, troubled.length, alerts.length, critical),
    items: [
      ...(lines.length === 0 ? [{ label: 'No agents', action: null }] : lines),
      ...(alertLines.length === 0 ? [] : [SEPARATOR, ...alertLines]),
      SEPARATOR,
      {
        label: paused ? 'Resume monitoring on this desktop' : 'Pause monitoring on this desktop',
        action: { type: 'pause' },
      },
      OPEN,
      QUIT,
    ],
  };
}

/** The icon while no helper is there to show one: the daemon has nothing to tell this user, or it is gone. */
export function standbyModel(running: boolean): TrayModel {
  const said = running ? 'no agents' : 'vigil is not running';
  const label = running ? 'No agents' : 'vigil is not running';
  return {
    color: running ? 'green' : 'red',
    tooltip: said,
    items: [{ label, action: null }, SEPARATOR, QUIT],
  };
}

function describe(agent: HelperAgent, now_ms: number): string {
  const reason = agent.reason === 'suspended' ? 'asleep' : agent.reason;
  const until = agent.reason === 'limit' ? untilWords(agent.resets_at_ms, now_ms) : '';
  const doing = (reason ?? agent.state.toLowerCase()) + until;
  const asks = agent.asks === null ? '' : `: ${printable(agent.asks, 60)}`;
  return `${printable(agent.label, 40)}  ${projectOf(agent, 40)}  ${doing}${asks}`;
}

function tooltip(agents: number, waits: number, trouble: number, alerts: number, critical: number): string {
  const parts = [agents === 1 ? '1 agent' : `${agents} agents`];
  if (waits > 0) parts.push(`${waits} waiting for you`);
  if (trouble > 0) parts.push(`${trouble} in trouble`);
  if (alerts > 0) parts.push(alerts === 1 ? '1 alert' : `${alerts} alerts`);
  if (critical > 0) parts.push(`${critical} critical`);
  return parts.join(', ');
}
