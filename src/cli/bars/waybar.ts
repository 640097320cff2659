import { basename } from 'node:path';
import type { AgentReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { attention } from './order.js';

/** What a custom module of waybar reads, waybar-custom(5). */
interface WaybarLine {
  text: string;
  /** For format-icons: the most urgent thing. */
  alt: 'approval' | 'question' | 'done' | 'working' | 'idle' | 'down';
  tooltip: string;
  class: string[];
  /** How many of the agents are at work. */
  percentage: number;
}

const MAX_LINES = 20;

/** `agents` in their order; null: no daemon answers. Text and tooltip are Pango markup for waybar. */
export function waybarLine(agents: readonly AgentReport[] | null): string {
  return JSON.stringify(agents === null ? down() : line(agents));
}

function down(): WaybarLine {
  return {
    text: 'vigil ✗',
    alt: 'down',
    tooltip: 'vigil does not answer',
    class: ['down'],
    percentage: 0,
  };
}

function line(agents: readonly AgentReport[]): WaybarLine {
  const count = (level: number) => agents.filter(agent => attention(agent) === level).length;
  const [asking, done, working] = [count(3), count(2), count(1)];
  const first = agents[0];
  const alt = first === undefined ? 'idle' : altOf(first);
  const text = [asking > 0 && `? ${asking}`, done > 0 && `✔ ${done}`, working > 0 && `▶ ${working}`];
  const shown = agents.slice(0, MAX_LINES).map(tooltipLine);
  if (agents.length > MAX_LINES) shown.push(`… and ${agents.length - MAX_LINES} more`);
  return {
    text: text.filter(part => part !== false).join(' '),
    alt,
    tooltip: shown.length === 0 ? 'No agents' : shown.join('\n'),
    class: [alt, ...(asking > 0 || done > 0 ? ['attention'] : []), ...(working > 0 ? ['has-working'] : [])],
    percentage: agents.length === 0 ? 0 : Math.round((100 * working) / agents.length),
  };
}

function altOf(agent: AgentReport): WaybarLine['alt'] {
  switch (attention(agent)) {
    case 3:
      return agent.reason === 'question' ? 'question' : 'approval';
    case 2:
      return 'done';
    case 1:
      return 'working';
    default:
      return 'idle';
  }
}

function tooltipLine(agent: AgentReport): string {
  const project = agent.cwd === null ? '' : printable(basename(agent.cwd) || '/', 60);
  const doing = `${agent.state.toLowerCase()}${agent.reason === null ? '' : ` ${agent.reason}`}`;
  const asks = agent.asks === null ? '' : `: ${printable(agent.asks, 120)}`;
  return escapePango(`${printable(agent.agent, 32)}  ${project}  ${doing}${asks}`);
}

function escapePango(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
