import { isSameProcess } from '../../lib/process/identity.js';
import { printable } from '../../lib/text/printable.js';
import type { ActionProposal } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import type { ProcessRef, ProcessSample, Snapshot } from '../../model/snapshot.js';
import { managedUnit, systemService, userService } from '../live/cgroup.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';
import { playOf } from './remediations.js';
import { parseService } from './target.js';
import { nameOf, restartCommand, userRestart } from './words.js';

/** What an alert calls for, by rule, without asking anybody. */
export interface Proposed {
  proposals: ActionProposal[];
  /** What a person can do, free of control characters. */
  text: string;
  /** To copy where vigil itself does nothing; null: nothing to run. */
  command: string | null;
}

export interface ProposeContext {
  view: ProcessView;
  snapshot: Snapshot | null;
  keep_newest: number;
}

const MAX_GROUPS = 20;
const MAX_NAMED = 5;

/** Deterministic: the same alert on the same machine leads to the same proposals. */
export function proposeFor(alert: Alert, context: ProposeContext): Proposed {
  const living = alert.subject.processes
    .map(ref => context.view.resolve(ref))
    .filter(process => process !== null);
  switch (playOf(alert)) {
    case 'leftovers':
      return say(living.map(end), 'End what the dead session left behind.');
    case 'duplicates':
      return duplicates(living, context.keep_newest);
    case 'storm':
      return storm(living);
    case 'zombies':
      return zombies(living, context.view);
    case 'leak':
      return leak(living, context.snapshot);
    case 'service':
      return service(alert.subject);
    case 'cpu':
      return say(
        [...living.slice(0, 1).map(yieldToOthers), ...living.slice(0, 1).map(end)],
        culprits(living),
      );
    case 'hog':
      return say(living.slice(0, 1).map(end), culprits(living));
    case 'host':
      return say([], culprits(living.length > 0 ? living : largest(context.snapshot)));
  }
}

function say(proposals: ActionProposal[], text: string, command: string | null = null): Proposed {
  return { proposals, text, command };
}

const end = (process: ProcessRef): ActionProposal => ({ type: 'kill_process', target: String(process.pid) });

const yieldToOthers = (process: ProcessRef): ActionProposal => ({
  type: 'renice',
  target: String(process.pid),
});

function duplicates(living: readonly LiveProcess[], keep: number): Proposed {
  const byCommand = new Map<string, LiveProcess[]>();
  for (const process of living) {
    const list = byCommand.get(process.cmdline) ?? [];
    list.push(process);
    byCommand.set(process.cmdline, list);
  }
  const surplus = [...byCommand.values()].flatMap(list =>
    list.sort((a, b) => b.start_ticks - a.start_ticks || b.pid - a.pid).slice(keep),
  );
  return say(surplus.map(end), `End all but the newest ${keep} of each command.`);
}

function storm(living: readonly LiveProcess[]): Proposed {
  const roots = new Map<number, LiveProcess>();
  for (const process of living) {
    const known = roots.get(process.pgid);
    if (known === undefined || process.pid === process.pgid) roots.set(process.pgid, process);
  }
  return say(
    [...roots.values()].slice(0, MAX_GROUPS).map(root => ({ ...end(root), type: 'kill_group', force: true })),
    'Stop the whole process group and end it while it stands still: ending single processes only makes room for new ones.',
  );
}

function zombies(living: readonly LiveProcess[], view: ProcessView): Proposed {
  const parents = new Map<number, string>();
  for (const { ppid } of living) {
    const parent = view.find(ppid);
    parents.set(ppid, parent === null ? `pid ${ppid}` : nameOf(parent));
  }
  const names = [...parents.values()].slice(0, MAX_NAMED).join(', ');
  return say(
    [],
    `They are dead and cannot be signalled. Only their parent removes them: ${names} must collect its children, or be restarted.`,
  );
}

function leak(living: readonly LiveProcess[], snapshot: Snapshot | null): Proposed {
  const worst = living[0];
  if (worst === undefined) return say([], 'It is gone.');
  if (snapshot?.sessions.some(session => session.alive && isSameProcess(session, worst)))
    return say(
      [],
      `Finish the turn, quit ${nameOf(worst)} and resume its session: the conversation is kept.`,
    );
  const unit = managedUnit(worst.cgroup);
  const system = parseService(systemService(worst.cgroup) ?? '');
  if (unit !== null && system !== null) return say([], `Restart ${system}.`, restartCommand(system));
  const user = userService(worst.cgroup);
  if (unit !== null && user !== null && parseService(user.unit) !== null)
    return say([], `Restart ${user.unit}, ${userRestart(user.unit, user.uid)}.`);
  return say(
    [{ ...end(worst), scope: 'tree' }],
    `Restart ${nameOf(worst)}: ending it gives the memory back.`,
  );
}

/** vigil restarts services of the system only. */
function service({ name, uid }: Alert['subject']): Proposed {
  if (uid === null)
    return say(
      [{ type: 'restart_service', target: name }],
      `Read its journal, then start ${printable(name, 100)} again.`,
    );
  const how = parseService(name) === null ? '' : `, ${userRestart(name, uid)}`;
  return say([], `Read its journal, then start it again${how}.`);
}

function culprits(processes: readonly (ProcessRef & { rss_bytes: number })[]): string {
  if (processes.length === 0) return 'Nothing that vigil could end would help.';
  const named = processes
    .slice(0, MAX_NAMED)
    .map(process => `${nameOf(process)} ${Math.round(process.rss_bytes / 2 ** 20)} MiB`);
  return `Look at: ${named.join(', ')}.`;
}

function largest(snapshot: Snapshot | null): readonly ProcessSample[] {
  return [...(snapshot?.processes ?? [])].sort((a, b) => heldBy(b) - heldBy(a)).slice(0, MAX_NAMED);
}

/** Resident or swapped out. */
function heldBy({ rss_bytes, swap_bytes }: ProcessSample): number {
  return rss_bytes + (swap_bytes ?? 0);
}
