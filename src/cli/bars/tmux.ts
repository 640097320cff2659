import type { AgentReport } from '../../api/client/index.js';
import { attention } from './order.js';

/** A segment of tmux's status line; empty when there are no agents. */
export function tmuxLine(agents: readonly AgentReport[] | null): string {
  if (agents === null) return '#[fg=red]vigil ✗#[default]';
  const count = (level: number) => agents.filter(agent => attention(agent) === level).length;
  const part = (level: number, sign: string, color: string) =>
    count(level) === 0 ? [] : [`#[fg=${color}]${sign} ${count(level)}#[default]`];
  return [...part(3, '?', 'yellow'), ...part(2, '✔', 'green'), ...part(1, '▶', 'blue')].join(' ');
}
