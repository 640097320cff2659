import type { AgentReport, AgentStateEvent } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { untilWords } from '../../lib/time/clock-words.js';
import { concernOf, isRequest } from '../../model/agent.js';
import type { Io } from '../io.js';
import { bytes, duration, percent, shortPath } from './format.js';
import type { Style } from './style.js';
import { type Cell, type Column, table } from './table.js';

/** The table of `vigil agents`: who needs you stands on top. */

const COLUMNS: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'AGENT' },
  { title: 'STATE' },
  // As wide as `limit until 17:30`.
  { title: 'REASON', min: 8, want: 17, rank: 8 },
  { title: 'SINCE', align: 'right', rank: 7 },
  { title: 'USER', rank: 2 },
  { title: 'TTY', rank: 5 },
  { title: 'CONTAINER', min: 10, rank: 5 },
  { title: 'PROJECT', min: 10, cut: 'start', rank: 6 },
  { title: 'CPU', align: 'right', rank: 3 },
  { title: 'RSS', align: 'right', rank: 4 },
  { title: 'TITLE', min: 8, rank: 1 },
];

type Surroundings = Pick<Io, 'columns' | 'color' | 'now' | 'home'>;

export function agentsTable(agents: readonly AgentReport[], io: Surroundings): string[] {
  return agentRows([...agents].sort(byNeed), io, io.columns, io.color);
}

/** The title and a line for each agent, in their order. */
export function agentRows(
  agents: readonly AgentReport[],
  io: Pick<Surroundings, 'now' | 'home'>,
  columns: number | null,
  color: boolean,
): string[] {
  const several = new Set(agents.map(agent => agent.uid)).size > 1;
  const contained = agents.some(agent => containerOf(agent) !== null);
  const left_out = [...(several ? [] : ['USER']), ...(contained ? [] : ['CONTAINER'])];
  const keep = COLUMNS.map(column => !left_out.includes(column.title));
  const rows = agents.map(agent => cells(agent, io).filter((_, i) => keep[i]));
  return table(
    COLUMNS.filter((_, i) => keep[i]),
    rows,
    columns,
    color,
  );
}

function cells(agent: AgentReport, io: Pick<Surroundings, 'now' | 'home'>): Cell[] {
  const styles = stateStyles(agent);
  return [
    { text: String(agent.pid) },
    { text: printable(agent.agent, 32) + (agent.interactive ? '' : ' (batch)') },
    { text: agent.state, styles },
    { text: reasonText(agent, io.now()) + asksText(agent), styles },
    { text: duration(io.now() - Date.parse(agent.since)) },
    { text: printable(agent.user, 32) },
    { text: printable(placeOf(agent), 32) },
    { text: printable(containerOf(agent) ?? '-', 64) },
    { text: agent.cwd === null ? '-' : printable(shortPath(agent.cwd, io.home, agent.user), 300) },
    { text: agent.state === 'EXITED' ? '-' : percent(agent.cpu_percent) },
    { text: agent.state === 'EXITED' ? '-' : bytes(agent.rss_bytes) },
    { text: agent.title === null ? '' : printable(agent.title, 200) },
  ];
}

/** The terminal, or the program in which its person sits. */
function placeOf({ mode, tty, host }: AgentReport): string {
  return (mode === 'conversation' ? host : tty) ?? '-';
}

/** A daemon of before does not tell. */
export function containerOf({ container }: Partial<Pick<AgentReport, 'container'>>): string | null {
  return container ?? null;
}

const RANK = { WAITING: 2, WORKING: 3, UNKNOWN: 4, EXITED: 5 } as const;

/** A request first, then trouble, then who is done, then who works. Within these: the latest change first. */
export function byNeed(a: AgentReport, b: AgentReport): number {
  return rank(a) - rank(b) || Date.parse(b.since) - Date.parse(a.since) || a.pid - b.pid;
}

function rank({ state, reason }: AgentReport): number {
  const concern = concernOf(reason);
  return concern === null ? RANK[state] : concern === 'request' ? 0 : 1;
}

export function stateStyles({ state, reason }: Pick<AgentReport, 'state' | 'reason'>): readonly Style[] {
  if (concernOf(reason) === 'trouble') return ['magenta'];
  if (reason === 'suspended') return ['dim'];
  if (reason === 'retrying') return ['yellow'];
  if (state === 'WAITING') return isRequest(reason) ? ['bold', 'yellow'] : ['cyan'];
  if (state === 'WORKING') return ['green'];
  if (state === 'EXITED') return reason === 'exit' ? ['dim'] : ['red'];
  return ['dim'];
}

const MAX_ASKS = 60;

/** `: Bash: npm test` */
function asksText({ asks }: AgentReport): string {
  return asks === null ? '' : `: ${printable(asks, MAX_ASKS)}`;
}

type Ended = Pick<AgentReport | AgentStateEvent, 'reason' | 'exit_code' | 'signal' | 'signal_sender'> & {
  pid?: number;
};

interface More {
  background?: number;
  /** WAITING limit: when its quota is there again. */
  resets_at?: string | null;
}

/** `approval`, `exit 1`, `SIGKILL by bash[77]`, `done, 2 in background`, `limit until 15:40`. */
export function reasonText(one: Ended & More, now_ms: number): string {
  const text = endingText(one) ?? one.reason ?? '-';
  const until = one.resets_at == null ? '' : untilWords(Date.parse(one.resets_at), now_ms);
  return (one.background ?? 0) > 0 ? `${text}${until}, ${one.background} in background` : text + until;
}

function endingText({ pid, reason, exit_code, signal, signal_sender }: Ended): string | null {
  if (reason === 'exit') return typeof exit_code === 'number' ? `exit ${exit_code}` : 'exit';
  if (reason !== 'signal' && reason !== 'oom') return null;
  // A shell that is hung up ends itself by the same signal.
  const by =
    signal_sender == null || signal_sender.pid === pid
      ? ''
      : ` by ${printable(signal_sender.comm, 32)}[${signal_sender.pid}]`;
  const name = printable(signal ?? 'signal', 20);
  return reason === 'oom' ? `out of memory (${name})` : name + by;
}
