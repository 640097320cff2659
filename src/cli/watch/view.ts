import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { isRequest } from '../../model/agent.js';
import { isGrave } from '../ui/format.js';
import { paint } from '../ui/style.js';
import { dialogLines } from './dialogs.js';
import { cutTo, fill } from './fill.js';
import { gaugeLines } from './gauges.js';
import { layoutOf, leftOf } from './layout.js';
import { chosenAlert, type Lists } from './lists.js';
import type { Picture, Ui } from './model.js';
import { adviceLines, paneLines, type Room, type Surroundings } from './panes.js';

/** The whole screen: exactly `rows` lines of at most `columns` cells. Pure. */

/** A terminal smaller than this shows no gauges but one line of figures. */
const LEAST_FOR_GAUGES = 20;

export function view(picture: Picture, lists: Lists, ui: Ui, room: Room, io: Surroundings): string[] {
  const { columns, rows } = room;
  const head = [titleLine(picture, columns, io.color), ...problems(picture, room, io.color)];
  const most = rows >= LEAST_FOR_GAUGES ? Math.max(1, Math.floor(rows / 5)) : rows >= 6 ? 1 : 0;
  const gauges = gaugeLines(picture.machine, columns, most, io.color);
  const body = { columns, rows: rows - head.length - gauges.length - 1 };
  const middle =
    ui.dialog !== null ? dialogLines(ui.dialog, body, io.color) : panes(picture, lists, ui, body, io);
  const lines = [...head, ...gauges, ...middle];
  return [
    ...Array.from({ length: Math.max(0, rows - 1) }, (_, i) => lines[i] ?? ''),
    lastLine(ui, columns, io.color),
  ].map(line => cutTo(line, columns));
}

function panes(picture: Picture, lists: Lists, ui: Ui, room: Room, io: Surroundings): string[] {
  const advice = (columns: number): number => adviceLines(chosenAlert(lists, ui), columns, false).length;
  const { stacked, beside } = layoutOf(lists, ui.pane, room, advice);
  const left = beside === null ? room.columns : leftOf(room.columns);
  const lines = stacked.flatMap(({ pane, rows }) =>
    paneLines(pane, picture, lists, ui, { columns: left, rows }, io),
  );
  if (beside === null) return lines;
  const right = { columns: room.columns - left - 2, rows: room.rows };
  const others = paneLines(beside, picture, lists, ui, right, io);
  return others.map((other, i) => `${fill(lines[i] ?? '', left)}  ${other}`.trimEnd());
}

/** `vigil 0.1.0 · tracepoint · 3 agents · 2 alerts, 1 of them grave` */
function titleLine(
  { health, agents, alerts, machine, trouble }: Picture,
  columns: number,
  color: boolean,
): string {
  const grave = alerts.filter(({ severity }) => isGrave(severity)).length;
  const living = agents.filter(({ state }) => state !== 'EXITED').length;
  const waiting = agents.filter(({ reason }) => isRequest(reason)).length;
  const figures = [
    counted(living, 'agent') + (waiting === 0 ? '' : paint(`, ${waiting} asking`, ['yellow', 'bold'], color)),
    alerts.length === 0
      ? paint('nothing is wrong', ['green'], color)
      : paint(counted(alerts.length, 'alert'), [grave > 0 ? 'red' : 'yellow'], color),
    paint(printable(health?.sensor.tier ?? '', 20), ['dim'], color),
  ];
  const parts = [
    paint(health === null ? 'vigil' : `vigil ${printable(health.version, 20)}`, ['bold'], color),
    ...(trouble === null ? [] : [paint('no daemon answers', ['red', 'bold'], color)]),
    ...(machine?.paused ? [paint('paused', ['yellow', 'bold'], color)] : []),
    // Nothing is claimed before the first answer, or of what was.
    ...(health === null || trouble !== null ? [] : figures),
  ];
  return cutTo(parts.join(' · '), columns);
}

function problems({ trouble, health }: Picture, { columns, rows }: Room, color: boolean): string[] {
  const all = trouble !== null ? [`looking for a daemon: ${trouble}`] : (health?.problems ?? []);
  return all
    .slice(0, rows >= 30 ? 2 : rows >= 12 ? 1 : trouble === null ? 0 : 1)
    .map(problem => paint(cutTo(`! ${printable(problem, 500)}`, columns), ['yellow'], color));
}

const HINTS =
  '? help  Tab pane  s sort  / filter  Enter details  f focus  x end  e explain  w whitelist  p pause  q quit';
const FEW_HINTS = '? help  Tab  / filter  Enter  x end  q quit';

function lastLine(ui: Ui, columns: number, color: boolean): string {
  if (ui.input !== null) {
    const name = ui.input.what === 'filter' ? 'filter' : 'report no process of the name';
    return cutTo(`${paint(`${name}:`, ['bold'], color)} ${printable(ui.input.text)}▏`, columns);
  }
  if (ui.notice !== null) return cutTo(printable(ui.notice, 500), columns);
  if (ui.filter !== '') {
    return cutTo(
      `${paint('filter:', ['bold'], color)} ${printable(ui.filter)}  ${paint('Esc shows all', ['dim'], color)}`,
      columns,
    );
  }
  // A dialog names its own keys.
  if (ui.dialog !== null) return '';
  return paint(cutTo(columns >= HINTS.length ? HINTS : FEW_HINTS, columns), ['dim'], color);
}
