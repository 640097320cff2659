import type { AgentReport } from '../../api/client/index.js';
import { COUNTED } from './order.js';

const COLORS: Readonly<Record<string, string>> = {
  '?': 'yellow',
  '!': 'magenta',
  '✔': 'green',
  '▶': 'blue',
  z: 'default',
};

/** A segment of tmux's status line; empty when there are no agents. */
export function tmuxLine(agents: readonly AgentReport[] | null): string {
  if (agents === null) return '#[fg=red]vigil ✗#[default]';
  return COUNTED.flatMap(({ sign, of }) => {
    const count = agents.filter(of).length;
    return count === 0 ? [] : [`#[fg=${COLORS[sign]}]${sign} ${count}#[default]`];
  }).join(' ');
}
