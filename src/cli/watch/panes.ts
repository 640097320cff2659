import type { AlertReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import type { Io } from '../io.js';
import { alertName } from '../target.js';
import { agentRows } from '../ui/agents-table.js';
import { bytes, duration, percent, severityStyles } from '../ui/format.js';
import { paint } from '../ui/style.js';
import { type Cell, type Column, table } from '../ui/table.js';
import { wrapped } from '../ui/wrap.js';
import { cutTo, fill } from './fill.js';
import { chosenAlert, indexOf, keysOf, type Lists, type TreeRow } from './lists.js';
import type { Pane, Picture, Ui } from './model.js';

/** The three lists. Each is drawn to exactly the room that it is given. */

export interface Room {
  columns: number;
  rows: number;
}

export type Surroundings = Pick<Io, 'color' | 'now' | 'home'>;

const MARK = '▸ ';
/** Of the text and of the suggestion each; Enter shows all of it. */
const MOST_LINES = 3;

/** A title line, then the rows around the chosen one. */
export function paneLines(
  pane: Pane,
  picture: Picture,
  lists: Lists,
  ui: Ui,
  { columns, rows }: Room,
  io: Surroundings,
): string[] {
  const focused = ui.pane === pane;
  const title = titleLine(titleOf(pane, picture, lists, ui), focused, columns, io.color);
  const lines = [title, ...bodyOf(pane, picture, lists, ui, { columns, rows: rows - 1 }, io)];
  return Array.from({ length: Math.max(0, rows) }, (_, i) => lines[i] ?? '');
}

function titleLine(title: string, focused: boolean, columns: number, color: boolean): string {
  const text = cutTo(`${focused ? '━━' : '──'} ${title} `, columns);
  const line = text + (focused ? '━' : '─').repeat(Math.max(0, columns - [...text].length));
  return paint(line, [focused ? 'bold' : 'dim'], color);
}

function titleOf(pane: Pane, picture: Picture, lists: Lists, ui: Ui): string {
  const by = ui.sort === 'state' ? '' : `, by ${ui.sort}`;
  if (pane === 'agents') return `Agents ${lists.agents.length}${by}`;
  if (pane === 'alerts') return `Alerts ${lists.alerts.length}`;
  const of = picture.processes_of;
  const whose = of === null ? 'of the machine' : `of agent ${of}`;
  return `Processes ${whose} ${lists.processes.length}${of === null && by === '' ? ', by cpu' : by}`;
}

function bodyOf(pane: Pane, picture: Picture, lists: Lists, ui: Ui, room: Room, io: Surroundings): string[] {
  const keys = keysOf(lists, pane);
  if (keys.length === 0) return [paint(cutTo(nothing(pane, picture, ui), room.columns), ['dim'], io.color)];
  const chosen = indexOf(keys, ui.places[pane]);
  const marked = ui.pane === pane;
  const columns = room.columns - MARK.length;
  if (pane === 'alerts') {
    const advice = adviceLines(chosenAlert(lists, ui), room.columns, io.color);
    // The list itself needs its title and a row.
    const detail = room.rows > 2 ? advice.slice(-(room.rows - 2)) : [];
    const draw = (from: number, to: number, color: boolean): string[] =>
      alertRows(lists.alerts.slice(from, to), columns, color, io.now());
    const list = { ...room, rows: room.rows - detail.length };
    return [...listLines(draw, keys.length, chosen, marked, list, io.color), ...detail];
  }
  const draw = (from: number, to: number, color: boolean): string[] =>
    pane === 'agents'
      ? agentRows(lists.agents.slice(from, to), io, columns, color)
      : processRows(lists.processes.slice(from, to), columns, color, io.now());
  return listLines(draw, keys.length, chosen, marked, room, io.color);
}

function nothing(pane: Pane, picture: Picture, ui: Ui): string {
  if (picture.health === null) return 'Not known yet.';
  if (ui.filter.trim() !== '') return 'Nothing here has the text of the filter.';
  if (pane === 'agents') return 'No agents are running.';
  if (pane === 'alerts') return 'Nothing is wrong.';
  return picture.machine === null ? 'Not looked at yet.' : 'None of its processes have been seen yet.';
}

/**
 * A header, and as many rows as there is room for, the chosen one among them. `draw` makes the header and the
 * rows `from` to `to`: of a thousand processes only those that are seen.
 */
function listLines(
  draw: (from: number, to: number, color: boolean) => string[],
  all: number,
  chosen: number,
  marked: boolean,
  { columns, rows }: Room,
  color: boolean,
): string[] {
  // A title of columns is worth less than a second row.
  const titled = rows >= Math.min(3, all + 1);
  const count = Math.max(1, rows - (titled ? 1 : 0));
  const top = Math.max(0, Math.min(chosen - Math.floor(count / 2), all - count));
  const [header, ...body] = draw(top, top + count, color);
  const shown = body.map((line, i) => {
    if (top + i !== chosen) return `  ${line}`;
    if (!marked) return `${paint('▹ ', ['dim'], color)}${line}`;
    const plain = draw(top, top + count, false)[i + 1]!;
    return paint(fill(MARK + plain, columns), ['inverse'], color);
  });
  return [...(titled ? [`  ${header}`] : []), ...shown].map(line => cutTo(line, columns));
}

const PROCESS: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'RSS', align: 'right' },
  { title: 'S', rank: 1 },
  { title: 'AGE', align: 'right', rank: 2 },
  { title: 'COMMAND', min: 12 },
];

function processRows(rows: readonly TreeRow[], columns: number, color: boolean, now_ms: number): string[] {
  return table(
    PROCESS,
    rows.map(row => processCells(row, now_ms)),
    columns,
    color,
  );
}

function processCells({ process, branch }: TreeRow, now_ms: number): Cell[] {
  const { pid, cpu_percent, rss_bytes, state, started, cmdline, comm } = process;
  const busy = (cpu_percent ?? 0) >= 80;
  return [
    { text: String(pid) },
    { text: cpu_percent === null ? '-' : percent(cpu_percent), styles: busy ? ['yellow'] : [] },
    { text: bytes(rss_bytes) },
    { text: printable(state, 2), styles: state === 'Z' || state === 'D' ? ['red'] : [] },
    { text: duration(now_ms - Date.parse(started)) },
    { text: branch + printable(cmdline === '' ? comm : cmdline, 300) },
  ];
}

const ALERT: readonly Column[] = [
  { title: 'ID' },
  { title: 'SEVERITY' },
  { title: 'FOR', align: 'right', rank: 1 },
  { title: 'WHAT', min: 12 },
];

function alertRows(
  alerts: readonly AlertReport[],
  columns: number,
  color: boolean,
  now_ms: number,
): string[] {
  const rows = alerts.map(({ id, severity, opened, title }) => [
    { text: alertName(id) },
    { text: severity, styles: severityStyles(severity) },
    { text: duration(now_ms - Date.parse(opened)) },
    { text: printable(title, 300) },
  ]);
  return table(ALERT, rows, columns, color);
}

/** What was measured, and what to do: of the chosen alert, below the list. */
export function adviceLines(alert: AlertReport | undefined, columns: number, color: boolean): string[] {
  if (alert === undefined) return [];
  const measured = wrapped(`  ${printable(alert.text, 1_000)}`, columns).map(line =>
    paint(line, ['dim'], color),
  );
  const advice =
    alert.suggestion === null ? [] : wrapped(`  → ${printable(alert.suggestion, 1_000)}`, columns);
  return [...measured.slice(0, MOST_LINES), ...advice.slice(0, MOST_LINES)];
}
