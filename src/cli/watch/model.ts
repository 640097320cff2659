import type {
  AgentReport,
  AlertReport,
  HealthReport,
  MachineReport,
  ProcessReport,
} from '../../api/client/index.js';
import type { Scope } from '../../model/action.js';
import type { Target } from '../target.js';

/** What `vigil watch` knows, and what its person has chosen: all that a picture is made from. */

/** What the daemon said last. */
export interface Picture {
  /** Null: it has not looked yet. */
  machine: MachineReport | null;
  health: HealthReport | null;
  agents: readonly AgentReport[];
  alerts: readonly AlertReport[];
  processes: readonly ProcessReport[];
  /** Whose they are: the agent's pid, or null for those of the machine. */
  processes_of: number | null;
  /** Why all this may be old; null: it is of now. */
  trouble: string | null;
}

export const NOTHING_YET: Picture = {
  machine: null,
  health: null,
  agents: [],
  alerts: [],
  processes: [],
  processes_of: null,
  trouble: null,
};

export const PANES = ['agents', 'processes', 'alerts'] as const;
export type Pane = (typeof PANES)[number];

export const SORTS = ['state', 'cpu', 'memory', 'name'] as const;
export type Sort = (typeof SORTS)[number];

/** The chosen row: by what it is; by its place when it is gone. */
export interface Place {
  key: number | null;
  index: number;
}

export interface KillOrder {
  pid: number;
  /** Of the process that was shown, so that no other is hit. */
  start_ticks: number | null;
  scope: Scope;
  force: boolean;
}

export type Dialog =
  | { kind: 'text'; title: string; lines: readonly string[]; scroll: number }
  /** An answer is on its way; `ticket` tells which. */
  | { kind: 'busy'; title: string; ticket: number }
  | {
      kind: 'confirm';
      title: string;
      lines: readonly string[];
      scroll: number;
      order: KillOrder;
      allowed: boolean;
      /** When it was first shown: keys from before were not meant for it. */
      shown_ms: number;
    };

/** What is typed on the last line. */
export interface Input {
  what: 'filter' | 'whitelist';
  text: string;
}

export interface Ui {
  pane: Pane;
  places: Readonly<Record<Pane, Place>>;
  sort: Sort;
  /** Rows that do not have this text are left out. */
  filter: string;
  /** The processes of the machine rather than of the chosen agent. */
  everything: boolean;
  input: Input | null;
  dialog: Dialog | null;
  /** One line about what was done, until the next key. */
  notice: string | null;
  tickets: number;
}

export const START: Ui = {
  pane: 'agents',
  places: {
    agents: { key: null, index: 0 },
    processes: { key: null, index: 0 },
    alerts: { key: null, index: 0 },
  },
  sort: 'state',
  filter: '',
  everything: false,
  input: null,
  dialog: null,
  notice: null,
  tickets: 0,
};

/** What a key leads to beyond the picture. */
export type Effect = { kind: 'quit' } | { kind: 'redraw' } | TuiCommand;

/** What the daemon, or the desktop, is asked for. */
export type TuiCommand =
  | { kind: 'focus'; pid: number }
  | { kind: 'agent_details'; pid: number; session_id?: string; ticket: number }
  | { kind: 'explain'; target: Target; ticket: number }
  | { kind: 'preview'; order: KillOrder; ticket: number }
  | { kind: 'kill'; order: KillOrder }
  | { kind: 'whitelist'; pattern: string }
  | { kind: 'pause'; paused: boolean };
