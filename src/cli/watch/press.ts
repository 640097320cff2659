import { printable } from '../../lib/text/printable.js';
import type { Key } from '../ui/keys.js';
import { acting, preview } from './act.js';
import { type KeyContext, type KeyResult, MAX_INPUT, nextOf, only } from './key-result.js';
import { indexOf, keysOf } from './lists.js';
import { type Dialog, type Effect, PANES, type Pane, type Ui } from './model.js';

/** What a key means. Pure: the same state and key lead to the same state and effect. */

/** A question takes no yes before a person can have read it. */
export const READ_MS = 300;
const FAR = 1_000_000;

export function press(before: Ui, key: Key, at: KeyContext): KeyResult {
  if (key === 'ctrl-c') return { ui: before, effect: { kind: 'quit' } };
  if (key === 'ctrl-l') return { ui: before, effect: { kind: 'redraw' } };
  const ui = { ...before, notice: null };
  if (ui.input !== null) return typing(ui, ui.input, key);
  if (ui.dialog !== null) return inDialog(ui, ui.dialog, key, at);
  return moving(ui, key, at) ?? acting(ui, key, at) ?? only(before);
}

function typing(ui: Ui, input: NonNullable<Ui['input']>, key: Key): KeyResult {
  const set = (text: string): KeyResult => {
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

function inDialog(ui: Ui, dialog: Dialog, key: Key, at: KeyContext): KeyResult {
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

function moving(ui: Ui, key: Key, { lists, page }: KeyContext): KeyResult | null {
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
