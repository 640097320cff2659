import { expect, it } from 'vitest';
import type { SessionBus } from '../../../src/outputs/desktop/bus.js';
import { type PopupIntent, type PopupSubject, Popups } from '../../../src/outputs/desktop/notify/popups.js';

const intent: PopupIntent = {
  kind: 'approval',
  key: 'k',
  summary: 'Claude Code: approve?',
  heading: '~/shop',
  lines: [],
  urgency: 'critical',
  round: 0,
};

it('what is wanted no more is forgotten, also while there is no session bus to show it', () => {
  let asked = 0;
  const nowhere = {
    library: null,
    get connection() {
      asked++;
      return null;
    },
  } as unknown as SessionBus;
  const popups = new Popups(nowhere, () => {}, 10, { acted: () => {}, shown: () => {}, dismissed: () => {} });
  for (let pid = 1; pid <= 100; pid++)
    popups.set(new Map<PopupSubject, PopupIntent>([[`agent:${pid}`, intent]]));
  popups.set(new Map());
  asked = 0;
  popups.set(new Map<PopupSubject, PopupIntent>([['agent:1000', intent]]));
  // One popup is thought about, not all that ever were.
  expect(asked).toBe(1);
});
