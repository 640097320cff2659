import { paint } from '../ui/style.js';
import { wrapped } from '../ui/wrap.js';
import { cutTo } from './fill.js';
import type { Dialog } from './model.js';
import type { Room } from './panes.js';

/** Help, details, answers and questions, in place of the lists. */

export function dialogLines(dialog: Dialog, { columns, rows }: Room, color: boolean): string[] {
  const head = paint(cutTo(`━━ ${dialog.title} ${'━'.repeat(columns)}`, columns), ['bold'], color);
  const foot = footOf(dialog);
  const room = Math.max(1, rows - 1 - foot.length);
  const body = dialog.kind === 'busy' ? ['one moment …'] : scrolled(dialog, columns, room);
  const lines = [
    head,
    ...Array.from({ length: room }, (_, i) => (body[i] === undefined ? '' : cutTo(` ${body[i]}`, columns))),
    ...foot.map(text => paint(cutTo(` ${text}`, columns), ['bold'], color)),
  ];
  return lines.slice(0, rows);
}

function scrolled(dialog: Exclude<Dialog, { kind: 'busy' }>, columns: number, room: number): string[] {
  const all = dialog.lines.flatMap(line => (line === '' ? [''] : wrapped(line, Math.max(8, columns - 2))));
  const top = Math.max(0, Math.min(dialog.scroll, all.length - room));
  return all.slice(top, top + room);
}

function footOf(dialog: Dialog): string[] {
  if (dialog.kind === 'busy') return ['Esc  do not wait'];
  if (dialog.kind === 'text') return ['Esc  close    ↑ ↓  scroll'];
  const { scope, force } = dialog.order;
  const choices = `g  hit the ${scope === 'process' ? 'group' : NEXT[scope]} instead    F  ${force ? 'SIGTERM first' : 'SIGKILL at once'}`;
  return dialog.allowed ? ['y  YES, end it    n Esc  NO', choices] : ['n Esc  close', choices];
}

const NEXT = { group: 'tree', tree: 'cgroup', cgroup: 'process alone' } as const;
