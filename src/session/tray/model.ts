import { printable } from '../../text/printable.js';
import { isRequest, projectOf } from '../badges/badge.js';
import { wishFor } from '../notify/wish.js';
import type { HandAgent, HandConfig } from '../protocol.js';
import type { TrayColor } from './icon.js';

export type TrayAction = { type: 'focus'; pid: number } | { type: 'pause' } | { type: 'quit' };

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

const MAX_AGENTS = 30;

/** Green: nothing pending. Yellow: somebody waits for the person. Red: an agent is in trouble. */
export function trayModel(
  agents: readonly HandAgent[],
  unseen: (pid: number) => number,
  paused: boolean,
  config: HandConfig['notifications'],
): TrayModel {
  const living = agents.filter(({ state }) => state !== 'EXITED');
  const waits = living.filter(agent => isRequest(agent) || unseen(agent.pid) > 0);
  const trouble = agents.filter(agent => {
    const kind = wishFor(agent, config)?.kind;
    return kind === 'stalled' || kind === 'ended';
  });
  const color = paused ? 'grey' : trouble.length > 0 ? 'red' : waits.length > 0 ? 'yellow' : 'green';
  const lines = living.slice(0, MAX_AGENTS).map(agent => ({
    label: `${describe(agent)} · Focus`,
    action: { type: 'focus', pid: agent.pid } as const,
  }));
  return {
    color,
    tooltip: paused ? 'paused' : tooltip(living.length, waits.length, trouble.length),
    items: [
      ...(lines.length === 0 ? [{ label: 'No agents', action: null }] : lines),
      { label: null, action: null },
      { label: paused ? 'Resume monitoring' : 'Pause monitoring', action: { type: 'pause' } },
      { label: 'Quit', action: { type: 'quit' } },
    ],
  };
}

function describe(agent: HandAgent): string {
  const doing = agent.reason ?? agent.state.toLowerCase();
  const asks = agent.asks === null ? '' : `: ${printable(agent.asks, 60)}`;
  return `${printable(agent.label, 40)}  ${projectOf(agent, 40)}  ${doing}${asks}`;
}

function tooltip(agents: number, waits: number, trouble: number): string {
  const parts = [agents === 1 ? '1 agent' : `${agents} agents`];
  if (waits > 0) parts.push(`${waits} waiting for you`);
  if (trouble > 0) parts.push(`${trouble} in trouble`);
  return parts.join(', ');
}
