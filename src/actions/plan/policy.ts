import { z } from 'zod';
import { isSameProcess } from '../../lib/process/identity.js';
import { printable } from '../../lib/text/printable.js';
import { each, firstAnswer, type Work } from '../../lib/time/in-turns.js';
import {
  ACTION_TYPES,
  type ActionProposal,
  type Mode,
  type Requester,
  RISKS,
  type Risk,
  type Scope,
  type Step,
  type Verdict,
  worseRisk,
} from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import { refOf } from '../../model/process-ref.js';
import type { ProcessRef } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';
import { mayAct } from '../requester.js';
import { whyNotOrphan } from './orphan.js';
import { type Protection, whyProtected } from './protection.js';
import { playOf } from './remediations.js';
import { parsePid } from './target.js';
import { judgeRestart } from './units.js';
import { nameOf } from './words.js';

/** Everything that a decision rests on. */
export interface PolicyContext extends Protection {
  mode: Mode;
  view: ProcessView;
  /** What it is about; null: a person named the process. */
  alert: Alert | null;
  /** The only processes that may be named: the alert's, or the person's. */
  meant: readonly ProcessRef[];
  keep_newest: number;
  admin_gid: number | null;
  /** Absolute path; null: not on this machine. */
  systemctl: string | null;
}

interface Assessment {
  risk: Risk;
  reason: string;
}

/** More than this at once is a mistake; for who may act on everybody it may be a fork bomb. */
const MAX_TARGETS = 1000;
const MAX_TARGETS_OF_ADMINS = 10_000;
/** What renice sets: it yields to everybody else and still runs. */
const NICE = 10;

/** Proposals come from models too: whatever is not exactly one is refused, additional keys are ignored. */
const proposalSchema = z.object({
  type: z.enum(ACTION_TYPES),
  target: z.string().max(256),
  scope: z.enum(['process', 'group', 'tree', 'cgroup']).optional(),
  force: z.boolean().optional(),
  risk: z.enum(RISKS).optional(),
  command: z.string().optional(),
  explanation: z.string().optional(),
});

export function parseProposal(input: unknown): ActionProposal | null {
  const parsed = proposalSchema.safeParse(input);
  return parsed.success ? parsed.data : null;
}

/**
 * Decides about a proposal, whoever made it. What is executed is made here from the context alone; of the
 * proposal only its type, a target that the context knows, and a higher risk count. In pieces: there may be 10,000 targets.
 */
export function* judge(input: unknown, requester: Requester, context: PolicyContext): Work<Verdict> {
  const proposal = parseProposal(input);
  if (proposal === null) return refused('this is not an action that vigil knows');
  const verdict = yield* assess(proposal, requester, context);
  const risk = worseRisk(verdict.risk, proposal.risk ?? 'safe');
  if (!verdict.allowed || requester.kind === 'person') return { ...verdict, risk };
  const objection = whyNotAuto(proposal, risk, context.mode);
  return objection === null
    ? { ...verdict, risk }
    : { ...verdict, risk, allowed: false, reason: objection(verdict) };
}

/** Nothing is done, and nothing is offered. `why` may hold foreign text. */
export function refused(why: string, risk: Risk = 'dangerous'): Verdict {
  return { allowed: false, risk, reason: printable(why, 500), steps: [] };
}

/** How many processes may be ended at once. */
export function maxTargets(requester: Requester, admin_gid: number | null): number {
  const isAdmin = requester.kind === 'person' && mayAct(requester, 0, admin_gid);
  return isAdmin ? MAX_TARGETS_OF_ADMINS : MAX_TARGETS;
}

/** Somebody else's process and no process at all look the same. */
export function notYours(pid: number): string {
  return `there is no process ${pid}, or it is not yours`;
}

/** `auto` ends safe things in mode `auto`, and does nothing else ever. */
function whyNotAuto(proposal: ActionProposal, risk: Risk, mode: Mode): ((verdict: Verdict) => string) | null {
  if (!proposal.type.startsWith('kill_')) return () => 'only a person may do this';
  if (risk !== 'safe') return verdict => `left to a person: ${verdict.reason}`;
  return mode === 'auto' ? null : verdict => `the mode is \`${mode}\`: ${verdict.reason}`;
}

function* assess(proposal: ActionProposal, requester: Requester, context: PolicyContext): Work<Verdict> {
  switch (proposal.type) {
    case 'custom':
      return refused('a command of others is shown, never run');
    case 'free_cache':
      return refused('the kernel gives its cache back by itself when memory is short', 'moderate');
    case 'restart_service':
      return judgeRestart(proposal.target, requester, context);
    default:
      return yield* assessProcess(proposal, requester, context);
  }
}

function* assessProcess(
  proposal: ActionProposal,
  requester: Requester,
  context: PolicyContext,
): Work<Verdict> {
  const root = resolveTarget(proposal.target, requester, context);
  if (typeof root === 'string') return refused(root);
  const scope: Scope =
    proposal.type === 'renice'
      ? 'process'
      : (proposal.scope ?? (proposal.type === 'kill_group' ? 'group' : 'process'));
  // Counted before they are read: that takes five files each.
  const max = maxTargets(requester, context.admin_gid);
  if (context.view.count(root, scope, max) > max) return refused(`more than ${max} processes at once`);
  yield* context.view.gather(root, scope);
  const members = membersOf(root, scope, context.view);
  if (members.length === 0) return refused(`${nameOf(root)} has no cgroup of its own`);
  const named = requester.kind === 'person' ? requester.named_pid : null;
  // First: of what belongs to others nothing is told, not even its name.
  if (members.some(member => !mayAct(requester, member.uid, context.admin_gid)))
    return refused(scope === 'process' ? notYours(root.pid) : 'processes of other users are among them');
  const objection = yield* firstAnswer(members, member => {
    const why = whyProtected(member, context, named);
    return why === null ? null : `${nameOf(member)} ${why}`;
  });
  if (objection !== null) return refused(objection);
  const force = proposal.force === true;
  const { risk, reason } = yield* assessRisk(members, context);
  const step: Step =
    proposal.type === 'renice'
      ? { kind: 'renice', target: refOf(root), nice: NICE }
      : {
          kind: 'terminate',
          scope,
          root: refOf(root),
          pgid: root.pgid,
          cgroup: root.cgroup,
          targets: members.map(refOf),
          force,
        };
  const floor: Risk = force || proposal.type === 'renice' ? 'moderate' : 'safe';
  return { allowed: true, risk: worseRisk(risk, floor), reason: printable(reason, 500), steps: [step] };
}

/** The living process that the target names, or why there is none. */
function resolveTarget(target: string, requester: Requester, context: PolicyContext): LiveProcess | string {
  const pid = parsePid(target);
  if (pid === null)
    return `\`${target.slice(0, 40)}\` is not a process that can be named: neither is pid 0 or 1`;
  const meant = context.meant.find(ref => ref.pid === pid);
  if (meant === undefined) return `process ${pid} has nothing to do with this`;
  const live = context.view.resolve(meant);
  if (live === null) return `process ${pid} is gone`;
  if (!mayAct(requester, live.uid, context.admin_gid)) return notYours(pid);
  if (live.state === 'Z' || live.state === 'X')
    return `${nameOf(live)} is dead already: only its parent, process ${live.ppid}, can remove it`;
  return live;
}

function membersOf(root: LiveProcess, scope: Scope, view: ProcessView): LiveProcess[] {
  const dead = ({ state }: LiveProcess) => state === 'Z' || state === 'X';
  if (scope === 'process') return [root];
  if (scope === 'tree') return view.tree(root.pid).filter(member => !dead(member));
  if (scope === 'group') return view.group(root.pgid).filter(member => !dead(member));
  if (root.cgroup === null || root.cgroup === '/') return [];
  return view.cgroup(root.cgroup).filter(member => !dead(member));
}

function* assessRisk(members: readonly LiveProcess[], context: PolicyContext): Work<Assessment> {
  const kept = newest(context);
  let worst: Assessment = {
    risk: 'safe',
    reason: 'left over by an agent session that has ended',
  };
  yield* each(members, member => {
    const one = riskOf(member, kept, context);
    if (worseRisk(one.risk, worst.risk) !== worst.risk) worst = one;
  });
  return worst;
}

function riskOf(process: LiveProcess, kept: ReadonlySet<number>, context: PolicyContext): Assessment {
  const { session } = process;
  if (process.uid === 0) return { risk: 'dangerous', reason: `${nameOf(process)} runs as root` };
  if (context.sessions.some(one => one.alive && isSameProcess(one, process)))
    return { risk: 'dangerous', reason: `${nameOf(process)} is a live agent` };
  const meant = context.meant.find(ref => isSameProcess(ref, process));
  const moderate = (why: string) => ({ risk: 'moderate' as const, reason: `${nameOf(process)} ${why}` });
  if (meant !== undefined && !isSameProgram(meant, process)) return moderate('runs another program by now');
  if (kept.has(process.pid)) return moderate('is one of the newest of its kind');
  const why = whyNotOrphan(process, context.view, context.sessions);
  if (why !== null || session === null) return moderate(why ?? 'is no orphan');
  return { risk: 'safe', reason: '' };
}

/** Of duplicates the newest of each command stay. */
function newest(context: PolicyContext): Set<number> {
  const kept = new Set<number>();
  if (context.alert === null || playOf(context.alert) !== 'duplicates') return kept;
  const counts = new Map<string, number>();
  const living = context.meant.filter(ref => context.view.resolve(ref) !== null);
  for (const ref of living.sort((a, b) => b.start_ticks - a.start_ticks || b.pid - a.pid)) {
    const count = counts.get(ref.cmdline) ?? 0;
    if (count < context.keep_newest) kept.add(ref.pid);
    counts.set(ref.cmdline, count + 1);
  }
  return kept;
}

/** An exec keeps pid and start time. Spaces are told apart by nobody: command lines are joined in several places. */
function isSameProgram(a: ProcessRef, b: ProcessRef): boolean {
  const words = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 1000);
  return a.comm === b.comm && words(a.cmdline) === words(b.cmdline);
}
