import type { Exit, History, KeptEvent } from '../../engine/history.js';

export type OomKill = Extract<KeptEvent, { type: 'oom_kill' }>;

/** As it is told. */
export interface ToldKill extends OomKill {
  /** Of that many kills; 0: of a group, of which nobody counted them. */
  count: number;
  /** The report that came first: what it is known by. */
  first: OomKill;
  /** All of `cgroup` was ended at once. */
  whole_group: boolean;
  /** Programs of the group. */
  names: readonly string[];
}

/** Several sources tell of the same kill, and pids are used again later. */
const SAME_WITHIN_MS = 60_000;
/** It ends control groups, never single processes. */
const GROUP_KILLER = 'systemd-oomd';
const MAX_NAMES = 5;

/** Each kill once, whoever told of it; of those that nobody named, as many as one report of a control group counts. */
export function distinctKills(history: History, kills: readonly OomKill[]): ToldKill[] {
  const named: ToldKill[] = [];
  const counted: ToldKill[] = [];
  for (const kill of kills.filter(({ by, victim }) => by === undefined || victim.pid > 0)) {
    const known = kill.victim.pid > 0 ? named : counted;
    const twin = known.findIndex(other => isTwin(other, kill));
    const other = known[twin];
    if (other === undefined) known.push(toldOf(history, kill));
    else if (kill.victim.pid <= 0) known[twin] = { ...other, count: other.count + 1 };
    // The second report may know what the first did not.
    else known[twin] = merged(other, kill);
  }
  const groups = groupKills(history, kills, named);
  const single = named.filter(kill => !groups.some(({ members }) => members.includes(kill)));
  return [
    ...groups.map(({ told }) => told),
    ...withCounts(history, single, counted),
    ...counted.filter(({ count }) => count > 0),
  ];
}

function toldOf(history: History, kill: OomKill): ToldKill {
  const session = kill.session ?? exitOf(history, kill.victim.pid)?.session ?? null;
  return { ...kill, session, count: 1, first: kill, whole_group: false, names: [] };
}

function exitOf(history: History, pid: number): Exit | undefined {
  return history.exits.findLast(exit => exit.process.pid === pid);
}

/** What systemd-oomd ended, as a whole: one trouble, whether its own word came or only the kernel's of each process. */
function groupKills(
  history: History,
  kills: readonly OomKill[],
  named: readonly ToldKill[],
): { told: ToldKill; members: readonly ToldKill[] }[] {
  const free = new Set(named.filter(({ by }) => by === GROUP_KILLER));
  const groupOf = ({ cgroup, victim }: OomKill) => cgroup ?? exitOf(history, victim.pid)?.cgroup ?? null;
  const take = (cgroup: string, time_ms: number) => {
    const members = [...free].filter(kill => {
      const group = groupOf(kill);
      const within = group !== null && (group === cgroup || group.startsWith(`${cgroup}/`));
      return within && Math.abs(kill.time_ms - time_ms) < SAME_WITHIN_MS;
    });
    for (const member of members) free.delete(member);
    return members;
  };
  const said: { told: ToldKill; members: readonly ToldKill[] }[] = [];
  for (const kill of kills) {
    if (kill.by === undefined || kill.victim.pid > 0 || kill.cgroup === null) continue;
    const { cgroup, time_ms } = kill;
    const again = said.some(
      ({ told }) => told.cgroup === cgroup && Math.abs(told.time_ms - time_ms) < SAME_WITHIN_MS,
    );
    if (again) continue;
    const members = take(cgroup, time_ms);
    said.push({ told: wholeGroup(kill, cgroup, members), members });
  }
  for (const kill of [...free]) {
    const cgroup = groupOf(kill);
    if (!free.has(kill) || cgroup === null || cgroup === '/') continue;
    const members = take(cgroup, kill.time_ms);
    if (members.length > 1) said.push({ told: wholeGroup(kill, cgroup, members), members });
  }
  return said;
}

function wholeGroup(kill: OomKill, cgroup: string, members: readonly ToldKill[]): ToldKill {
  const [oldest = kill] = [...members].sort((a, b) => a.time_ms - b.time_ms);
  // By when they came here: what is said of it by then has that name.
  const [first = kill] = [kill, ...members.map(member => member.first)].sort(
    (a, b) => a.seen_ms - b.seen_ms || a.time_ms - b.time_ms,
  );
  const held = members.map(({ rss_bytes }) => rss_bytes ?? 0).reduce((sum, bytes) => sum + bytes, 0);
  return {
    ...kill,
    victim: oldest.victim,
    session: members.find(({ session }) => session !== null)?.session ?? kill.session,
    rss_bytes: held === 0 ? kill.rss_bytes : held,
    cgroup,
    count: members.length,
    first,
    whole_group: true,
    names: [...new Set(members.map(({ victim }) => victim.comm))].slice(0, MAX_NAMES),
  };
}

/** Reports of one victim; counts of one control group at one time. */
function isTwin(a: OomKill, b: OomKill): boolean {
  if (a.victim.pid <= 0) return a.cgroup === b.cgroup && a.time_ms === b.time_ms;
  return a.victim.pid === b.victim.pid && b.time_ms - a.time_ms < SAME_WITHIN_MS;
}

/**
 * Each named kill is one of those that some control group counted: its own before others. A group counts each kill within
 * it, also when the whole machine ran out: only a limit explains one.
 */
function withCounts(history: History, named: readonly ToldKill[], counted: ToldKill[]): ToldKill[] {
  return named.map(kill => {
    // The kernel counts its own.
    if (kill.by !== undefined) return kill;
    const own = exitOf(history, kill.victim.pid)?.cgroup ?? null;
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

function merged(first: ToldKill, second: OomKill): ToldKill {
  return {
    ...first,
    session: first.session ?? second.session,
    source: second.source === 'journal' ? second.source : first.source,
    rss_bytes: first.rss_bytes ?? second.rss_bytes,
    cgroup: first.cgroup ?? second.cgroup,
    ...((first.by ?? second.by) && { by: first.by ?? second.by }),
    ...((first.scope ?? second.scope) && { scope: first.scope ?? second.scope }),
    victim: first.victim.cmdline === '' ? second.victim : first.victim,
  };
}
