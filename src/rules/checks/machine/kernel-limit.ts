import { counted, percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import type { Subject } from '../../../model/alert.js';
import type { HostSample } from '../../../model/snapshot.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { level } from '../../engine/level.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { lasting, percent } from '../../engine/settings.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { processName, programName } from '../../wording/labels.js';
import { hostSubject, partSubject, processSubject } from '../../wording/subjects.js';

const NAMED = 3;
/** So many of one process are a leak of it, however many the machine has. */
const PTYS_OF_ONE = 256;

type Holder = NonNullable<HostSample['limits']>['holders'][number];

/** One limit, and what is used of it. */
interface Use {
  key: string;
  /** `pseudo-terminals` */
  what: string;
  used: number;
  limit: number;
  where: string;
  subject: Subject;
  holders: string;
  suggestion: string;
}

/** What the kernel has only so many of: at the limit nobody can open a terminal, start a process, watch a file. */
export const kernelLimit = defineRule({
  id: 'kernel_limit',
  about: 'Pseudo-terminals, tasks, open files and inotify near a limit of the kernel.',
  keys: {
    duration_s: lasting(10),
  },
  thresholds: {
    kernel_limit_warn_percent: percent(80, 'Share of a limit from which there is a warning.'),
    kernel_limit_high_percent: percent(95, 'Share of a limit that is high.'),
  },
  ascending: ['kernel_limit_warn_percent', 'kernel_limit_high_percent'],
  figures: ({ duration_s, kernel_limit_warn_percent: warning, kernel_limit_high_percent: high }) => ({
    fires: `≥ ${warning} / ${high} % of a limit of the kernel is in use; or one process holds ≥ ${PTYS_OF_ONE} pseudo-terminals`,
    lasts_s: duration_s,
    ends: `below ${rounded(warning * 0.95)} %`,
    clear_s: 30,
    severity: 'warning / high',
  }),
  check(
    history,
    _now_ms,
    { duration_s, kernel_limit_warn_percent: warning, kernel_limit_high_percent: high },
  ) {
    const { limits, tasks } = history.snapshot.host;
    if (!limits && !tasks) return null;
    const uses = [
      ...ofMachine(history),
      ...ofUsers(history),
      ...ofGroups(history),
      ...ofProcesses(history, warning),
    ];
    const found = uses.flatMap(use => {
      const share = (use.used / use.limit) * 100;
      const { severity, holds, threshold } = level(share, { warning, high });
      if (!holds) return [];
      const candidate: Candidate = {
        key: use.key,
        severity,
        holds,
        for_ms: duration_s * 1000,
        clear_ms: 30_000,
        exact_key: true,
        subject: use.subject,
        title: `${use.where} runs out of ${use.what}`,
        text: `${use.used} of ${use.limit} are in use, ${percentText(share)} (threshold ${percentText(threshold)}).${use.holders}`,
        suggestion: use.suggestion,
        numbers: { used: use.used, limit: use.limit, share_percent: share, threshold_percent: threshold },
      };
      return [candidate];
    });
    return [...found, ...leaksOfPtys(history, duration_s)];
  },
});

function ofMachine(history: History): Use[] {
  const { limits, tasks } = history.snapshot.host;
  const where = 'This machine';
  const use = (
    key: string,
    what: string,
    used: number | null,
    limit: number | null,
    rest: Pick<Use, 'holders' | 'suggestion'>,
  ): Use[] =>
    used === null || limit === null || limit <= 0
      ? []
      : [{ key, what, used, limit, where, subject: hostSubject(), ...rest }];
  return [
    ...use('ptys', 'pseudo-terminals', limits?.ptys ?? null, limits?.ptys_max ?? null, {
      holders: heldBy(history, ({ ptys }) => ptys),
      suggestion:
        'End who holds terminals that nobody uses: without one no shell, ssh or tmux window opens. `kernel.pty.max` is the limit.',
    }),
    ...use('tasks', 'processes and threads', tasks?.total ?? null, tasks?.limit ?? null, {
      holders: mostOf(history.watched, ({ sample }) => sample.threads),
      suggestion:
        'End what has so many: at the limit (`kernel.pid_max`, `kernel.threads-max`) nobody can start anything.',
    }),
    ...use('files', 'open files', limits?.files ?? null, limits?.files_max ?? null, {
      holders: mostOf(history.watched, ({ sample }) => sample.fds ?? 0),
      suggestion: 'End what holds so many: at the limit (`fs.file-max`) nobody can open a file.',
    }),
  ];
}

/** inotify counts for each user. Root may have as many as anybody else. */
function ofUsers(history: History): Use[] {
  const { limits } = history.snapshot.host;
  if (!limits) return [];
  const uids = new Set(limits.holders.map(({ uid }) => uid));
  const kinds = [
    ['inotify_instances', 'inotify instances', limits.inotify_instances_max],
    ['inotify_watches', 'inotify watches', limits.inotify_watches_max],
  ] as const;
  return [...uids].flatMap(uid =>
    kinds.flatMap(([figure, what, limit]) => {
      if (limit === null || limit <= 0) return [];
      const own = limits.holders.filter(holder => holder.uid === uid);
      const used = own.reduce((sum, holder) => sum + holder[figure], 0);
      const subject = { ...hostSubject(), uid };
      const suggestion = `End watchers of files that nobody uses, or raise \`fs.inotify.max_user_${figure.slice('inotify_'.length)}\`: at the limit editors, bundlers and agents see no changes any more.`;
      const holders = heldBy(history, holder => (holder.uid === uid ? holder[figure] : 0));
      return [
        {
          key: `${figure}:${uid}`,
          what,
          used,
          limit,
          where: `The user ${uid}`,
          subject,
          holders,
          suggestion,
        },
      ];
    }),
  );
}

function ofGroups(history: History): Use[] {
  return history.snapshot.host.cgroups.flatMap(({ path, pids, pids_limit }) => {
    if (pids === null || pids_limit === null || pids_limit <= 0) return [];
    const name = printable(path, 120);
    const within = history.watched.filter(
      ({ sample: { cgroup } }) => cgroup === path || cgroup?.startsWith(`${path}/`),
    );
    return [
      {
        key: `cgroup:${path}`,
        what: 'processes and threads',
        used: pids,
        limit: pids_limit,
        where: name,
        subject: partSubject('cgroup', path),
        holders: pids < pids_limit / 2 ? '' : mostOf(within, ({ sample }) => sample.threads),
        suggestion:
          'End what has so many, or raise its limit (TasksMax, pids.max): at the limit nothing in it can start anything.',
      },
    ];
  });
}

/** Its own limit of descriptors (RLIMIT_NOFILE): it can open nothing beyond. */
function ofProcesses(history: History, warning: number): Use[] {
  const near = history.watched.filter(
    ({ sample: { fds, fds_limit } }) =>
      fds !== null && fds_limit !== undefined && fds >= (fds_limit * warning * 0.95) / 100,
  );
  return near.map(track => ({
    key: `fds:${track.sample.pid}:${track.sample.start_ticks}`,
    what: 'open files',
    used: track.sample.fds!,
    limit: track.sample.fds_limit!,
    where: processName(track),
    subject: processSubject(history, track),
    holders: '',
    suggestion: `See what they are: \`ls -l /proc/${track.sample.pid}/fd | tail\`; restart it before it fails, with a higher \`ulimit -n\` if it needs them.`,
  }));
}

/** One process that takes terminals and gives none back, long before the machine has no more. */
function leaksOfPtys(history: History, duration_s: number): Candidate[] {
  const holders = (history.snapshot.host.limits?.holders ?? []).filter(
    ({ ptys }) => ptys >= PTYS_OF_ONE * 0.95,
  );
  return holders.flatMap(({ pid, ptys }) => {
    const track = history.process(pid);
    if (track === undefined || track.ignored !== false) return [];
    return [
      {
        key: `ptys:${pid}:${track.sample.start_ticks}`,
        severity: ptys >= PTYS_OF_ONE ? ('warning' as const) : null,
        holds: true,
        for_ms: duration_s * 1000,
        clear_ms: 30_000,
        subject: processSubject(history, track),
        title: `${processName(track)} holds ${ptys} pseudo-terminals`,
        text: `So many are not closed any more (threshold ${PTYS_OF_ONE}); the machine has ${history.snapshot.host.limits?.ptys_max ?? 'only so many'}.`,
        suggestion: 'Restart it: at the limit no shell, ssh or tmux window opens any more.',
        numbers: { ptys, threshold: PTYS_OF_ONE },
      },
    ];
  });
}

function heldBy(history: History, figure: (holder: Holder) => number): string {
  const counts = new Map(
    (history.snapshot.host.limits?.holders ?? []).map(holder => [holder.pid, figure(holder)]),
  );
  const tracks = [...counts].flatMap(([pid, count]) => (count > 0 ? (history.process(pid) ?? []) : []));
  return mostOf(tracks, ({ sample }) => counts.get(sample.pid) ?? 0);
}

/** ` Most are held by node x.js (300), …` */
function mostOf(tracks: Iterable<ProcessTrack>, figure: (track: ProcessTrack) => number): string {
  const groups = groupBy(tracks, programKey, figure)
    .map(({ tracks }) => ({ tracks, sum: tracks.reduce((sum, track) => sum + figure(track), 0) }))
    .filter(({ sum }) => sum > 0)
    .sort((a, b) => b.sum - a.sum)
    .slice(0, NAMED);
  if (groups.length === 0) return '';
  const names = groups.map(({ tracks, sum }) => {
    const [first] = tracks;
    const name =
      tracks.length === 1
        ? processName(first!)
        : `${programName(first!)}, ${counted(tracks.length, 'process', 'processes')}`;
    return `${name} (${sum})`;
  });
  return ` Most are held by ${names.join(', ')}.`;
}
