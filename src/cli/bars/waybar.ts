import { basename } from 'node:path';
import type { AgentReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import type { Reason } from '../../model/agent.js';
import { reasonText } from '../ui/agents-table.js';
import { attention, COUNTED, inTrouble, isAsleep } from './order.js';

/** What a custom module of waybar reads, waybar-custom(5). */
interface WaybarLine {
  text: string;
  /** For format-icons: the most urgent thing. */
  alt: Reason | 'working' | 'asleep' | 'idle' | 'down';
  tooltip: string;
  class: string[];
  /** How many of the agents are at work. */
  percentage: number;
}

const MAX_LINES = 20;

/** `agents` in their order; null: no daemon answers. Text and tooltip are Pango markup for waybar. */
export function waybarLine(agents: readonly AgentReport[] | null, now_ms = Date.now()): string {
  return JSON.stringify(agents === null ? down() : line(agents, now_ms));
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

function line(agents: readonly AgentReport[], now_ms: number): WaybarLine {
  const [first] = agents;
  const alt = first === undefined ? 'idle' : altOf(first);
  const counts = COUNTED.map(({ sign, of }) => ({ sign, count: agents.filter(of).length }));
  const shown = agents.slice(0, MAX_LINES).map(agent => tooltipLine(agent, now_ms));
  if (agents.length > MAX_LINES) shown.push(`… and ${agents.length - MAX_LINES} more`);
  const working = agents.filter(({ state }) => state === 'WORKING').length;
  return {
    text: counts.flatMap(({ sign, count }) => (count > 0 ? [`${sign} ${count}`] : [])).join(' '),
    alt,
    tooltip: shown.length === 0 ? 'No agents' : shown.join('\n'),
    class: [
      alt,
      ...(agents.some(agent => attention(agent) > 1) ? ['attention'] : []),
      ...(agents.some(inTrouble) ? ['trouble'] : []),
      ...(working > 0 ? ['has-working'] : []),
    ],
    percentage: agents.length === 0 ? 0 : Math.round((100 * working) / agents.length),
  };
}

/** A request, trouble and the end of a turn by their reasons; what else there is by what it looks like. */
function altOf(agent: AgentReport): WaybarLine['alt'] {
  const { state, reason } = agent;
  if (reason !== null && (attention(agent) > 1 || inTrouble(agent) || reason === 'retrying')) return reason;
  if (isAsleep(agent)) return 'asleep';
  return state === 'WORKING' ? 'working' : 'idle';
}

function tooltipLine(agent: AgentReport, now_ms: number): string {
  const project = agent.cwd === null ? '' : printable(basename(agent.cwd) || '/', 60);
  const doing = isAsleep(agent)
    ? 'asleep: fg lets it go on'
    : `${agent.state.toLowerCase()}${agent.reason === null ? '' : ` ${reasonText(agent, now_ms)}`}`;
  const asks = agent.asks === null ? '' : `: ${printable(agent.asks, 120)}`;
  return escapePango(`${printable(agent.agent, 32)}  ${project}  ${doing}${asks}`);
}

function escapePango(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
