import { printable } from '../../text/printable.js';
import type { Key } from '../keys.js';
import { alertDetails, processDetails } from './details.js';
import { HELP } from './help.js';
import { chosenAgent, chosenAlert, chosenProcess, indexOf, keysOf, type Lists } from './lists.js';
import {
  type Dialog,
  type Effect,
  type KillOrder,
  PANES,
  type Pane,
  type Picture,
  SORTS,
  type Ui,
} from './model.js';

/** What a key means. Pure: the same state and key lead to the same state and effect. */

export interface Pressed {
  ui: Ui;
  effect: Effect | null;
}

export interface Pressing {
  picture: Picture;
  lists: Lists;
  now_ms: number;
  /** Rows that a page key moves. */
  page: number;
}

/** A question takes no yes before a person can have read it. */
export const READ_MS = 300;
const MAX_INPUT = 200;
const FAR = 1_000_000;

const only = (ui: Ui): Pressed => ({ ui, effect: null });

export function press(before: Ui, key: Key, at: Pressing): Pressed {
  if (key === 'ctrl-c') return { ui: before, effect: { kind: 'quit' } };
  if (key === 'ctrl-l') return { ui: before, effect: { kind: 'redraw' } };
  const ui = { ...before, notice: null };
  if (ui.input !== null) return typing(ui, ui.input, key);
  if (ui.dialog !== null) return inDialog(ui, ui.dialog, key, at);
  return moving(ui, key, at) ?? acting(ui, key, at) ?? only(before);
}

function typing(ui: Ui, input: NonNullable<Ui['input']>, key: Key): Pressed {
  const set = (text: string): Pressed => {
    const next = { ...input, text: text.slice(0, MAX_INPUT) };
    // A filter works while it is typed.
    return only({ ...ui, input: next, filter: input.what === 'filter' ? next.text : ui.filter });
  };
  if (key === 'escape') return only({ ...ui, input: null, filter: input.what === 'filter' ? '' : ui.filter });
  if (key === 'enter') {
    const pattern = input.text.trim();
    const effect: Effect | null =
      input.what === 'whitelist' && pattern !== '' ? { kind: 'whitelist', pattern } : null;
    return { ui: { ...ui, input: null }, effect };
  }
  if (key === 'backspace') return set([...input.text].slice(0, -1).join(''));
  if (key === 'ctrl-u') return set('');
  if (key.startsWith('paste:')) return set(input.text + printable(key.slice('paste:'.length), MAX_INPUT));
  return [...key].length === 1 ? set(input.text + key) : only(ui);
}

function inDialog(ui: Ui, dialog: Dialog, key: Key, at: Pressing): Pressed {
  const close = only({ ...ui, dialog: null });
  // No is an answer at once; anything else is not before it can have been read.
  if (dialog.kind === 'confirm' && at.now_ms - dialog.shown_ms >= READ_MS) {
    const { order, allowed } = dialog;
    if (key === 'y' && allowed)
      return { ui: { ...ui, dialog: null, notice: 'on its way …' }, effect: { kind: 'kill', order } };
    if (key === 'g') return preview(ui, { ...order, scope: nextOf(SCOPES, order.scope) });
    if (key === 'F') return preview(ui, { ...order, force: !order.force });
  }
  if (key === 'escape' || key === 'q' || key === 'n' || key === 'enter') return close;
  if (dialog.kind === 'busy') return only(ui);
  const move = scrollOf(key, at.page);
  if (move === null) return dialog.kind === 'text' && key === '?' ? close : only(ui);
  const scroll = Math.max(0, Math.min(dialog.lines.length - 1, dialog.scroll + move));
  return only({ ...ui, dialog: { ...dialog, scroll } });
}

const SCOPES = ['process', 'group', 'tree', 'cgroup'] as const;

function nextOf<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length]!;
}

function scrollOf(key: Key, page: number): number | null {
  const moves: Record<string, number> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: -FAR,
    g: -FAR,
    end: FAR,
    G: FAR,
  };
  return moves[key] ?? null;
}

function moving(ui: Ui, key: Key, { lists, page }: Pressing): Pressed | null {
  if (key === 'tab' || key === 'right' || key === 'l') return only({ ...ui, pane: nextOf(PANES, ui.pane) });
  if (key === 'backtab' || key === 'left' || key === 'h')
    return only({ ...ui, pane: nextOf([...PANES].reverse(), ui.pane) });
  const move = scrollOf(key, page);
  if (move === null) return null;
  const keys = keysOf(lists, ui.pane);
  if (keys.length === 0) return only(ui);
  const index = Math.max(0, Math.min(keys.length - 1, indexOf(keys, ui.places[ui.pane]) + move));
  return only(choose(ui, ui.pane, { key: keys[index]!, index }));
}

function choose(ui: Ui, pane: Pane, place: Ui['places'][Pane]): Ui {
  const places = { ...ui.places, [pane]: place };
  // Another agent has other processes.
  return { ...ui, places: pane === 'agents' ? { ...places, processes: { key: null, index: 0 } } : places };
}

function acting(ui: Ui, key: Key, at: Pressing): Pressed | null {
  switch (key) {
    case 'q':
    case 'Q':
    case 'ctrl-d':
      return { ui, effect: { kind: 'quit' } };
    case '?':
      return only({ ...ui, dialog: { kind: 'text', title: 'Keys', lines: HELP, scroll: 0 } });
    case 's':
      return only({ ...ui, sort: nextOf(SORTS, ui.sort) });
    case '/':
      return only({ ...ui, input: { what: 'filter', text: ui.filter } });
    case 'escape':
      return only({ ...ui, filter: '' });
    case 'a':
      return only({
        ...ui,
        everything: !ui.everything,
        places: { ...ui.places, processes: { key: null, index: 0 } },
      });
    case 'p':
      return { ui, effect: { kind: 'pause', paused: !(at.picture.machine?.paused ?? false) } };
    case 'enter':
      return details(ui, at);
    case 'f':
      return focus(ui, at);
    case 'x':
    case 'K':
    case 'delete':
      return kill(ui, at);
    case 'e':
      return explain(ui, at);
    case 'w':
      return whitelist(ui, at);
    default:
      return null;
  }
}

const notice = (ui: Ui, text: string): Pressed => only({ ...ui, notice: text });

/** A dialog that waits for an answer of the daemon. */
function wait(ui: Ui, title: string, effect: (ticket: number) => Effect): Pressed {
  const ticket = ui.tickets + 1;
  return { ui: { ...ui, tickets: ticket, dialog: { kind: 'busy', title, ticket } }, effect: effect(ticket) };
}

function preview(ui: Ui, order: KillOrder): Pressed {
  return wait(ui, `End process ${order.pid}`, ticket => ({ kind: 'preview', order, ticket }));
}

function details(ui: Ui, { lists, now_ms }: Pressing): Pressed {
  if (ui.pane === 'agents') {
    const agent = chosenAgent(lists, ui);
    if (agent === undefined) return notice(ui, 'no agent is chosen');
    return wait(ui, `${printable(agent.agent, 32)}[${agent.pid}]`, ticket => ({
      kind: 'agent_details',
      pid: agent.pid,
      ticket,
    }));
  }
  if (ui.pane === 'processes') {
    const process = chosenProcess(lists, ui);
    if (process === undefined) return notice(ui, 'no process is chosen');
    const title = `${printable(process.comm, 32)}[${process.pid}]`;
    return only({
      ...ui,
      dialog: { kind: 'text', title, lines: processDetails(process, now_ms), scroll: 0 },
    });
  }
  const alert = chosenAlert(lists, ui);
  if (alert === undefined) return notice(ui, 'no alert is chosen');
  const lines = alertDetails(alert, now_ms);
  return only({ ...ui, dialog: { kind: 'text', title: printable(alert.title, 200), lines, scroll: 0 } });
}

function focus(ui: Ui, { lists }: Pressing): Pressed {
  const session =
    ui.pane === 'alerts' ? chosenAlert(lists, ui)?.subject.session?.pid : chosenAgent(lists, ui)?.pid;
  return session === undefined
    ? notice(ui, 'that belongs to no agent')
    : { ui, effect: { kind: 'focus', pid: session } };
}

function kill(ui: Ui, { lists }: Pressing): Pressed {
  const order = killOrder(ui, lists);
  return order === null ? notice(ui, 'there is no process to end') : preview(ui, order);
}

function killOrder(ui: Ui, lists: Lists): KillOrder | null {
  if (ui.pane === 'agents') {
    const agent = chosenAgent(lists, ui);
    // The whole session: what an agent started is of no use without it.
    if (agent === undefined || agent.state === 'EXITED') return null;
    return { pid: agent.pid, start_ticks: null, scope: 'tree', force: false };
  }
  const process =
    ui.pane === 'processes' ? chosenProcess(lists, ui) : chosenAlert(lists, ui)?.subject.processes[0];
  if (process === undefined) return null;
  return { pid: process.pid, start_ticks: process.start_ticks, scope: 'process', force: false };
}

function explain(ui: Ui, { lists }: Pressing): Pressed {
  if (ui.pane === 'alerts') {
    const alert = chosenAlert(lists, ui);
    if (alert === undefined) return notice(ui, 'no alert is chosen');
    return wait(ui, printable(alert.title, 200), ticket => ({
      kind: 'explain',
      target: { kind: 'alert', id: alert.id },
      ticket,
    }));
  }
  const pid = (ui.pane === 'agents' ? chosenAgent(lists, ui) : chosenProcess(lists, ui))?.pid;
  if (pid === undefined) return notice(ui, 'nothing is chosen');
  return wait(ui, `Process ${pid}`, ticket => ({
    kind: 'explain',
    target: { kind: 'process', pid },
    ticket,
  }));
}

function whitelist(ui: Ui, { lists }: Pressing): Pressed {
  const process =
    ui.pane === 'processes'
      ? chosenProcess(lists, ui)
      : ui.pane === 'alerts'
        ? chosenAlert(lists, ui)?.subject.processes[0]
        : undefined;
  if (process === undefined) return notice(ui, 'choose a process, or an alert about one');
  return only({ ...ui, input: { what: 'whitelist', text: printable(process.comm, MAX_INPUT) } });
}
