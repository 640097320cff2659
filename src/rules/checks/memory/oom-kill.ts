import { processKey } from '../../../lib/process/identity.js';
import { bytesText, counted } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { Subject } from '../../../model/alert.js';
import { refOf } from '../../../model/process-ref.js';
import { timeText } from '../../engine/figures.js';
import type { Exit, History } from '../../engine/history.js';
import { defineRule } from '../../engine/rule.js';
import { minutes } from '../../engine/settings.js';
import { featuresOf } from '../../processes/features.js';
import { sessionName } from '../../wording/labels.js';
import { distinctKills, type OomKill, type ToldKill } from './oom-reports.js';

/** A source that knows no victim waits for one that does, and the kernel, which knows no cause, for the journal. */
const NAMELESS_FOR_MS = 5_000;
const CAUSELESS_FOR_MS = 1_500;
/** Whoever ended so shortly before or after was part of it. */
const WITH_IT_MS = 15_000;

/** A process was ended because memory ran out: by whom, which, whose, and what else went or stayed. */
export const oomKill = defineRule({
  id: 'oom_kill',
  about: 'A process was ended because memory ran out: by the kernel, earlyoom or systemd-oomd.',
  keys: {
    keep_minutes: minutes(10, 'How long it stays an open alert.'),
  },
  figures: ({ keep_minutes }) => ({
    fires: 'the kernel, earlyoom or systemd-oomd ended a process because memory ran out',
    lasts_s: 0,
    ends: `${timeText(keep_minutes * 60)} later`,
    clear_s: 0,
    severity: 'critical; high when only a limit was hit and the agent itself lives',
  }),
  check(history, now_ms, { keep_minutes }) {
    const keep_ms = keep_minutes * 60_000;
    const kills = history.events.filter((event): event is OomKill => event.type === 'oom_kill');
    const recent = distinctKills(history, kills).filter(({ time_ms }) => now_ms - time_ms < keep_ms);
    return recent.map(kill => {
      const { victim, rss_bytes, cgroup, session } = kill;
      const by = kill.by === undefined ? undefined : printable(kill.by, 32);
      const known = victim.pid > 0 || kill.whole_group;
      const name = nameOf(kill);
      const { with_it, left } = blast(history, kill);
      const size = rss_bytes === null ? '' : ` It held ${bytesText(rss_bytes)}.`;
      const whose = session === null ? '' : ` It belonged to ${sessionName(session)}.`;
      const limited = by === undefined && (cgroup !== null || kill.scope === 'cgroup');
      return {
        key: key(kill),
        exact_key: true as const,
        severity: !limited || session?.pid === victim.pid ? ('critical' as const) : ('high' as const),
        holds: true,
        for_ms: !known
          ? NAMELESS_FOR_MS
          : !limited && kill.source === 'kernel' && !kill.whole_group
            ? CAUSELESS_FOR_MS
            : 0,
        clear_ms: 0,
        subject: subject(kill, name),
        title: `${by === undefined ? 'The kernel' : by} ended ${name} for want of memory`,
        text: `${causeOf(kill)}${size}${whose}${kill.whole_group ? '' : consequences(with_it, left)}`,
        suggestion: suggestionFor(kill),
        numbers: {
          victim_pid: victim.pid,
          ended_with_it: with_it.length,
          still_running: left,
          ...(rss_bytes !== null && { rss_bytes }),
        },
      };
    });
  },
});

function nameOf({ victim, cgroup, count, whole_group }: ToldKill): string {
  if (whole_group) {
    const many = count === 0 ? '' : ` (${counted(count, 'process', 'processes')})`;
    return `${groupName(cgroup ?? '/')}${many}`;
  }
  if (victim.pid > 0) return `${printable(featuresOf(victim).program, 60)} (pid ${victim.pid})`;
  return count === 1 ? 'a process' : `${count} processes`;
}

/** `app-kitty-4021.scope` */
function groupName(cgroup: string): string {
  return printable(cgroup.slice(cgroup.lastIndexOf('/') + 1) || '/', 60);
}

function causeOf(kill: ToldKill): string {
  const { by, cgroup, whole_group, names } = kill;
  if (whole_group) {
    const programs = names.length === 0 ? '' : ` (${names.map(name => printable(name, 20)).join(', ')})`;
    return `Memory was short, and ${printable(by ?? '', 32)} ended all of ${printable(cgroup ?? '/', 160)}${programs} before the kernel had to.`;
  }
  if (by !== undefined)
    return `Memory was short, and ${printable(by, 32)} ended it before the kernel had to.`;
  return cgroup === null ? outOfMemory(kill) : `The memory limit of ${printable(cgroup, 120)} was hit.`;
}

function suggestionFor({ by, cgroup, whole_group }: ToldKill): string {
  if (whole_group)
    return 'See what else is large before it happens again; `oomctl` shows what it watches. What runs in a scope of its own (`systemd-run --user --scope`) is ended alone.';
  return by !== undefined || cgroup === null
    ? 'See what else is large before it happens again.'
    : `Raise the limit (MemoryMax of ${groupName(cgroup)}) or run less at a time.`;
}

/** The kernel's event does not say what ran out; the journal does. */
function outOfMemory({ source, scope }: OomKill): string {
  if (scope === 'cgroup') return 'The memory limit of a control group was hit.';
  return source === 'kernel'
    ? 'The machine, or a control group with a limit, ran out of memory.'
    : 'The machine ran out of memory.';
}

/** By the first report: the reports do not all know when the victim had started. */
function key({ first }: ToldKill): string {
  const { victim, cgroup, time_ms } = first;
  return `${victim.pid > 0 ? victim.pid : (cgroup ?? '')}:${Math.floor(time_ms)}`;
}

function subject({ victim, session, cgroup, whole_group }: ToldKill, name: string): Subject {
  const uid = victim.pid > 0 ? victim.uid : whole_group ? userOf(cgroup) : null;
  return {
    kind: 'process',
    name,
    uid,
    processes: victim.pid > 0 ? [refOf(victim)] : [],
    session,
    lineage: null,
  };
}

/** Below a user's slice are that user's units, by systemd.special(7). */
function userOf(cgroup: string | null): number | null {
  const uid = /^\/user\.slice\/user-(\d+)\.slice\//.exec(cgroup ?? '')?.[1];
  return uid === undefined ? null : Number(uid);
}

/** Who of the same session or control group ended with it, and how many still run. */
function blast(history: History, kill: OomKill): { with_it: Exit[]; left: number } {
  const { victim, time_ms } = kill;
  const session = kill.session === null ? null : processKey(kill.session);
  const itself = history.exits.findLast(exit => exit.process.pid === victim.pid);
  const cgroup = kill.cgroup ?? itself?.cgroup ?? null;
  const related = (of: Exit['session'], group: string | null) =>
    (session !== null && of !== null && processKey(of) === session) ||
    (cgroup !== null && cgroup !== '/' && group === cgroup);
  const with_it = history.exits.filter(
    exit =>
      Math.abs(exit.time_ms - time_ms) < WITH_IT_MS &&
      exit.process.pid !== victim.pid &&
      related(exit.session, exit.cgroup),
  );
  let left = 0;
  for (const { sample } of history.watched) {
    if (sample.pid !== victim.pid && sample.state !== 'Z' && related(sample.session, sample.cgroup)) left++;
  }
  return { with_it, left };
}

function consequences(with_it: readonly Exit[], left: number): string {
  const names = [...new Set(with_it.map(({ process }) => printable(process.comm, 20)))].slice(0, 5);
  const ended =
    with_it.length === 0
      ? ' Nothing else of the same origin ended with it'
      : ` With it ended ${counted(with_it.length, 'other process', 'other processes')} of the same origin (${names.join(', ')})`;
  return `${ended}; ${left === 0 ? 'none is left' : `${left} still ${left === 1 ? 'runs' : 'run'}`}.`;
}
