import { processKey } from '../../../lib/process/identity.js';
import { bytesText, counted } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { Subject } from '../../../model/alert.js';
import { refOf } from '../../../model/process-ref.js';
import { timeText } from '../../engine/figures.js';
import type { Exit, History, KeptEvent } from '../../engine/history.js';
import { defineRule } from '../../engine/rule.js';
import { minutes } from '../../engine/settings.js';
import { featuresOf } from '../../processes/features.js';
import { sessionName } from '../../wording/labels.js';

type Kill = Extract<KeptEvent, { type: 'oom_kill' }>;
/** As it is told; `count`: of that many kills. */
type Told = Kill & { count: number };

/** Several sources tell of the same kill, and pids are used again later. */
const SAME_WITHIN_MS = 60_000;
/** A source that knows no victim waits for one that does, and the kernel, which knows no cause, for the journal. */
const NAMELESS_FOR_MS = 5_000;
const CAUSELESS_FOR_MS = 1_500;
/** Whoever ended so shortly before or after was part of it. */
const WITH_IT_MS = 15_000;

/** The kernel ended a process because memory ran out: which, whose, and what else went or stayed. */
export const oomKill = defineRule({
  id: 'oom_kill',
  about: 'The kernel ended a process because memory ran out.',
  keys: {
    keep_minutes: minutes(10, 'How long it stays an open alert.'),
  },
  figures: ({ keep_minutes }) => ({
    fires: 'the kernel ended a process because memory ran out',
    lasts_s: 0,
    ends: `${timeText(keep_minutes * 60)} later`,
    clear_s: 0,
    severity: 'critical; high when only a limit was hit and the agent itself lives',
  }),
  check(history, now_ms, { keep_minutes }) {
    const keep_ms = keep_minutes * 60_000;
    const kills = history.events.filter((event): event is Kill => event.type === 'oom_kill');
    const recent = distinct(history, kills).filter(({ time_ms }) => now_ms - time_ms < keep_ms);
    return recent.map(kill => {
      const { victim, rss_bytes, cgroup, session } = kill;
      const by = kill.by === undefined ? undefined : printable(kill.by, 32);
      const known = victim.pid > 0;
      const name = known
        ? `${printable(featuresOf(victim).program, 60)} (pid ${victim.pid})`
        : kill.count === 1
          ? 'a process'
          : `${kill.count} processes`;
      const { with_it, left } = blast(history, kill);
      const size = rss_bytes === null ? '' : ` It held ${bytesText(rss_bytes)}.`;
      const whose = session === null ? '' : ` It belonged to ${sessionName(session)}.`;
      const limited = cgroup !== null || kill.scope === 'cgroup';
      const cause =
        cgroup === null ? outOfMemory(kill) : `The memory limit of ${printable(cgroup, 120)} was hit.`;
      return {
        key: key(kill),
        exact_key: true as const,
        severity: !limited || session?.pid === victim.pid ? ('critical' as const) : ('high' as const),
        holds: true,
        for_ms: !known ? NAMELESS_FOR_MS : !limited && kill.source === 'kernel' ? CAUSELESS_FOR_MS : 0,
        clear_ms: 0,
        subject: subject(kill, name),
        title: `${by === undefined ? 'The kernel' : by} ended ${name} for want of memory`,
        text: `${by === undefined ? cause : `Memory was short, and ${by} ended it before the kernel had to.`}${size}${whose}${consequences(with_it, left)}`,
        suggestion:
          cgroup === null
            ? 'See what else is large before it happens again.'
            : `Raise the limit (MemoryMax of ${printable(cgroup.slice(cgroup.lastIndexOf('/') + 1), 60)}) or run less at a time.`,
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

/** The kernel's event does not say what ran out; the journal does. */
function outOfMemory({ source, scope }: Kill): string {
  if (scope === 'cgroup') return 'The memory limit of a control group was hit.';
  return source === 'kernel'
    ? 'The machine, or a control group with a limit, ran out of memory.'
    : 'The machine ran out of memory.';
}

/** Each kill once, whoever told of it; of those that nobody named, as many as one report of a control group counts. */
function distinct(history: History, kills: readonly Kill[]): Told[] {
  const named: Told[] = [];
  const counted: Told[] = [];
  for (const kill of kills) {
    const known = kill.victim.pid > 0 ? named : counted;
    const twin = known.findIndex(other => isTwin(other, kill));
    const other = known[twin];
    if (other === undefined) known.push({ ...kill, count: 1 });
    else if (kill.victim.pid <= 0) known[twin] = { ...other, count: other.count + 1 };
    // The second report may know what the first did not.
    else known[twin] = merged(other, kill);
  }
  return [...withCounts(history, named, counted), ...counted.filter(({ count }) => count > 0)];
}

/** Reports of one victim; counts of one control group at one time. */
function isTwin(a: Kill, b: Kill): boolean {
  if (a.victim.pid <= 0) return a.cgroup === b.cgroup && a.time_ms === b.time_ms;
  return a.victim.pid === b.victim.pid && b.time_ms - a.time_ms < SAME_WITHIN_MS;
}

/**
 * Each named kill is one of those that some control group counted: its own before others. A group counts each kill within
 * it, also when the whole machine ran out: only a limit explains one.
 */
function withCounts(history: History, named: readonly Told[], counted: Told[]): Told[] {
  return named.map(kill => {
    const own = history.exits.findLast(exit => exit.process.pid === kill.victim.pid)?.cgroup ?? null;
    const candidates = counted
      .filter(other => other.count > 0 && Math.abs(other.time_ms - kill.time_ms) < SAME_WITHIN_MS)
      .filter(({ cgroup }) => isWithin(kill.cgroup, cgroup) && (own === '/' || isWithin(own, cgroup)))
      .sort((a, b) => Number(b.cgroup === own) - Number(a.cgroup === own));
    const [count] = candidates;
    if (count === undefined) return kill;
    count.count--;
    const limitless = history.snapshot.host.cgroups.some(
      ({ path, memory_limit_bytes }) => path === count.cgroup && memory_limit_bytes === null,
    );
    return kill.scope === 'machine' || limitless ? kill : { ...kill, cgroup: kill.cgroup ?? count.cgroup };
  });
}

/** The same control group, or one within the other. Of what is not known nothing can be said against it. */
function isWithin(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function merged(first: Told, second: Kill): Told {
  return {
    ...first,
    session: first.session ?? second.session,
    source: second.source === 'journal' ? second.source : first.source,
    rss_bytes: first.rss_bytes ?? second.rss_bytes,
    cgroup: first.cgroup ?? second.cgroup,
    ...((first.scope ?? second.scope) && { scope: first.scope ?? second.scope }),
    victim: first.victim.cmdline === '' ? second.victim : first.victim,
  };
}

/** By the time of the first report: the reports do not all know when the victim had started. */
function key({ victim, cgroup, time_ms }: Kill): string {
  return `${victim.pid > 0 ? victim.pid : (cgroup ?? '')}:${Math.floor(time_ms)}`;
}

function subject({ victim, session }: Kill, name: string): Subject {
  return {
    kind: 'process',
    name,
    uid: victim.pid > 0 ? victim.uid : null,
    processes: victim.pid > 0 ? [refOf(victim)] : [],
    session,
    lineage: null,
  };
}

/** Who of the same session or control group ended with it, and how many still run. */
function blast(history: History, kill: Kill): { with_it: Exit[]; left: number } {
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
