import type { AgentReport, AlertReport, ProcessReport } from '../../api/client/index.js';
import { byNeed } from '../ui/agents-table.js';
import type { Pane, Picture, Place, Sort, Ui } from './model.js';

/** The rows of the three panes: filtered, sorted, the processes as a tree. Pure. */

export interface TreeRow {
  process: ProcessReport;
  /** `├─ `, `│  └─ `; empty for a root, and where there is no tree. */
  branch: string;
}

export interface Lists {
  agents: readonly AgentReport[];
  processes: readonly TreeRow[];
  alerts: readonly AlertReport[];
}

/** Deeper nesting is not drawn deeper. */
const MAX_DEPTH = 12;

export function listsOf(picture: Picture, ui: Ui): Lists {
  const has = matcher(ui.filter);
  const agents = picture.agents
    .filter(({ agent, cwd, title, pid, user, state }) => has(agent, cwd, title, String(pid), user, state))
    .sort(agentOrder(ui.sort));
  const alerts = picture.alerts.filter(({ title, rule, severity, subject }) =>
    has(title, rule, severity, subject.name, subject.lineage),
  );
  const matches = ({ comm, cmdline, pid }: ProcessReport): boolean => has(comm, cmdline, String(pid));
  // The machine's tree is too wide to be read: a list, unless one agent is shown.
  const processes =
    picture.processes_of === null
      ? picture.processes
          .filter(matches)
          .sort(processOrder(ui.sort === 'state' ? 'cpu' : ui.sort))
          .map(process => ({ process, branch: '' }))
      : tree(picture.processes, ui.sort).filter(({ process }) => matches(process));
  return { agents, processes, alerts };
}

function matcher(filter: string): (...texts: (string | null)[]) => boolean {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return () => true;
  return (...texts) => texts.some(text => text?.toLowerCase().includes(wanted));
}

function agentOrder(sort: Sort): (a: AgentReport, b: AgentReport) => number {
  if (sort === 'cpu') return (a, b) => b.cpu_percent - a.cpu_percent || a.pid - b.pid;
  if (sort === 'memory') return (a, b) => b.rss_bytes - a.rss_bytes || a.pid - b.pid;
  if (sort === 'name') return (a, b) => a.agent.localeCompare(b.agent) || a.pid - b.pid;
  return byNeed;
}

function processOrder(sort: Sort): (a: ProcessReport, b: ProcessReport) => number {
  if (sort === 'cpu') return (a, b) => (b.cpu_percent ?? 0) - (a.cpu_percent ?? 0) || a.pid - b.pid;
  if (sort === 'memory') return (a, b) => b.rss_bytes - a.rss_bytes || a.pid - b.pid;
  if (sort === 'name') return (a, b) => a.comm.localeCompare(b.comm) || a.pid - b.pid;
  return (a, b) => a.start_ticks - b.start_ticks || a.pid - b.pid;
}

/** Parents before their children; a process whose parent is not among them is a root. */
export function tree(processes: readonly ProcessReport[], sort: Sort): TreeRow[] {
  const known = new Set(processes.map(({ pid }) => pid));
  const children = new Map<number, ProcessReport[]>();
  const roots: ProcessReport[] = [];
  for (const process of [...processes].sort(processOrder(sort))) {
    if (!known.has(process.ppid) || process.ppid === process.pid) roots.push(process);
    else children.set(process.ppid, [...(children.get(process.ppid) ?? []), process]);
  }
  const rows: TreeRow[] = [];
  const placed = new Set<number>();
  // Not by recursion: a chain of processes can be longer than the stack.
  const open = roots.map(process => ({ process, branch: '', indent: '', depth: 0 })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { process, branch, indent, depth } = next;
    placed.add(process.pid);
    rows.push({ process, branch });
    const below = children.get(process.pid) ?? [];
    for (let i = below.length - 1; i >= 0; i--) {
      const last = i === below.length - 1;
      const deeper = depth < MAX_DEPTH;
      open.push({
        process: below[i]!,
        branch: indent + (last ? '└─ ' : '├─ '),
        indent: deeper ? indent + (last ? '   ' : '│  ') : indent,
        depth: depth + 1,
      });
    }
  }
  // Two that claim to be each other's parent: pids are read one after the other.
  for (const process of processes) if (!placed.has(process.pid)) rows.push({ process, branch: '' });
  return rows;
}

export function keysOf(lists: Lists, pane: Pane): number[] {
  if (pane === 'agents') return lists.agents.map(({ pid }) => pid);
  if (pane === 'processes') return lists.processes.map(({ process }) => process.pid);
  return lists.alerts.map(({ id }) => id);
}

/** Where the chosen row is now; −1: there are no rows. */
export function indexOf(keys: readonly number[], { key, index }: Place): number {
  const found = key === null ? -1 : keys.indexOf(key);
  return found >= 0 ? found : Math.min(index, keys.length - 1);
}

export function chosenAgent(lists: Lists, ui: Ui): AgentReport | undefined {
  return lists.agents[indexOf(keysOf(lists, 'agents'), ui.places.agents)];
}

export function chosenProcess(lists: Lists, ui: Ui): ProcessReport | undefined {
  return lists.processes[indexOf(keysOf(lists, 'processes'), ui.places.processes)]?.process;
}

export function chosenAlert(lists: Lists, ui: Ui): AlertReport | undefined {
  return lists.alerts[indexOf(keysOf(lists, 'alerts'), ui.places.alerts)];
}

/** Whose processes are to be shown: of the chosen agent, or null for those of the machine. */
export function wantedProcesses(lists: Lists, ui: Ui): number | null {
  return ui.everything ? null : (chosenAgent(lists, ui)?.pid ?? null);
}
