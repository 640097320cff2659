import { type HelperAgent, idOf } from '../protocol.js';
import type { Place } from '../terminal/locate.js';
import { type Badge, type BadgePart, badgeOf } from './badge.js';

/** The badges of all windows that show agents, and of the agents without a window. Pure. */
export function desktopBadges(
  agents: readonly HelperAgent[],
  unseen: (id: number) => number,
  placeOf: (pid: number) => Place | undefined,
  now_ms: number,
): Badge[] {
  const windows = new Map<number, BadgePart[]>();
  const badges: (Badge | null)[] = [];
  for (const agent of agents) {
    const place = placeOf(agent.pid);
    // Not looked for yet: it would get a badge that has to go at once.
    if (place === undefined) continue;
    const part = { agent, unseen: unseen(idOf(agent)) };
    if (place.window === null) {
      const badge = badgeOf(idOf(agent), [part], now_ms);
      badges.push(badge === null ? null : { ...badge, tty: agent.tty });
      continue;
    }
    const parts = windows.get(place.window);
    if (parts === undefined) windows.set(place.window, [part]);
    else parts.push(part);
  }
  for (const [window, parts] of windows) badges.push(badgeOf(window, parts, now_ms));
  return badges.filter(badge => badge !== null);
}
