import { printable } from '../../lib/text/printable.js';
import type { Key } from '../ui/keys.js';
import { alertDetails, processDetails } from './details.js';
import { HELP } from './help.js';
import { type KeyContext, type KeyResult, MAX_INPUT, nextOf, only } from './key-result.js';
import { chosenAgent, chosenAlert, chosenProcess, type Lists } from './lists.js';
import { type Effect, type KillOrder, SORTS, type Ui } from './model.js';

/** Keys that do something with the chosen row, or with the whole view. Pure. */

/** Null: the key means nothing here. */
export function acting(ui: Ui, key: Key, at: KeyContext): KeyResult | null {
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

const notice = (ui: Ui, text: string): KeyResult => only({ ...ui, notice: text });

/** A dialog that waits for an answer of the daemon. */
function wait(ui: Ui, title: string, effect: (ticket: number) => Effect): KeyResult {
  const ticket = ui.tickets + 1;
  return { ui: { ...ui, tickets: ticket, dialog: { kind: 'busy', title, ticket } }, effect: effect(ticket) };
}

export function preview(ui: Ui, order: KillOrder): KeyResult {
  return wait(ui, `End process ${order.pid}`, ticket => ({ kind: 'preview', order, ticket }));
}

function details(ui: Ui, { lists, now_ms }: KeyContext): KeyResult {
  if (ui.pane === 'agents') {
    const agent = chosenAgent(lists, ui);
    if (agent === undefined) return notice(ui, 'no agent is chosen');
    return wait(ui, `${printable(agent.agent, 32)}[${agent.pid}]`, ticket => ({
      kind: 'agent_details',
      pid: agent.pid,
      ...(agent.mode === 'conversation' && agent.session_id !== null && { session_id: agent.session_id }),
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

function focus(ui: Ui, { lists }: KeyContext): KeyResult {
  const session =
    ui.pane === 'alerts' ? chosenAlert(lists, ui)?.subject.session?.pid : chosenAgent(lists, ui)?.pid;
  return session === undefined
    ? notice(ui, 'that belongs to no agent')
    : { ui, effect: { kind: 'focus', pid: session } };
}

function kill(ui: Ui, { lists }: KeyContext): KeyResult {
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

function explain(ui: Ui, { lists }: KeyContext): KeyResult {
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

function whitelist(ui: Ui, { lists }: KeyContext): KeyResult {
  const process =
    ui.pane === 'processes'
      ? chosenProcess(lists, ui)
      : ui.pane === 'alerts'
        ? chosenAlert(lists, ui)?.subject.processes[0]
        : undefined;
  if (process === undefined) return notice(ui, 'choose a process, or an alert about one');
  return only({ ...ui, input: { what: 'whitelist', text: printable(process.comm, MAX_INPUT) } });
}
