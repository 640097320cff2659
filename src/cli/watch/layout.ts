import type { Lists } from './lists.js';
import { PANES, type Pane } from './model.js';
import type { Room } from './panes.js';

/** Who gets how many rows. */

/** With less there is room for one list only. */
const LEAST_FOR_ALL = 12;
/** From this width on the processes stand beside the others. */
const WIDE = 150;

export interface Layout {
  /** Below each other; in a wide terminal those on the left. */
  stacked: readonly { pane: Pane; rows: number }[];
  /** Beside them, over the whole height. */
  beside: Pane | null;
}

/** `advice`: lines below the list of alerts. */
export function layoutOf(
  lists: Lists,
  focused: Pane,
  { columns, rows }: Room,
  advice: (columns: number) => number,
): Layout {
  if (rows < LEAST_FOR_ALL) return { stacked: [{ pane: focused, rows }], beside: null };
  // A title and the names of the columns; of the chosen alert also what was measured, and what to do.
  const agents = Math.max(3, lists.agents.length + 2);
  const alerts = lists.alerts.length === 0 ? 2 : lists.alerts.length + 2 + advice(leftOf(columns));
  if (columns >= WIDE) {
    const low = Math.min(Math.max(alerts, 2), Math.floor(rows * (focused === 'alerts' ? 0.6 : 0.45)));
    return {
      stacked: [
        { pane: 'agents', rows: rows - low },
        { pane: 'alerts', rows: low },
      ],
      beside: 'processes',
    };
  }
  const share = (pane: Pane): number => Math.floor(rows * (focused === pane ? 0.5 : 0.3));
  const top = Math.min(agents, Math.max(3, share('agents')));
  const low = Math.min(alerts, Math.max(2, share('alerts')));
  const heights: Record<Pane, number> = { agents: top, alerts: low, processes: rows - top - low };
  return { stacked: PANES.map(pane => ({ pane, rows: heights[pane] })), beside: null };
}

/** Width of what stands below each other. */
export function leftOf(columns: number): number {
  return columns >= WIDE ? Math.floor(columns / 2) - 1 : columns;
}
