/** What the kernel says when it has killed a process for want of memory. */
export interface OomKill {
  pid: number;
  comm: string;
  uid: number | null;
  rss_bytes: number | null;
  /** The limit of a cgroup was hit, not the end of the machine's memory. */
  in_cgroup: boolean;
}

/** The line before it, since Linux 5.0: who hit which limit. */
export interface OomReason {
  pid: number;
  uid: number;
  /** Path of the cgroup whose limit was hit; null: the whole machine ran out. */
  cgroup: string | null;
}

/**
 * mm/oom_kill.c, as it is since Linux 4.19. The name may hold anything: the last `) ` before the numbers ends it.
 *
 * ```
 * Out of memory: Killed process 4321 (node) total-vm:9kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB, UID:1000 …
 * Memory cgroup out of memory: Killed process 77 (python3) total-vm:9kB, anon-rss:2kB, file-rss:3kB, …
 * Killed process 123 (chrome) total-vm:9kB, anon-rss:2kB, file-rss:3kB, shmem-rss:0kB
 * ```
 */
export function parseOomKill(message: string): OomKill | null {
  if (!message.includes('Killed process ')) return null;
  const match =
    /^(.{0,80}: )?Killed process (\d+),? \((.{0,64})\),? (?:UID \d+,? )?total-vm:\d+kB, anon-rss:(\d+)kB, file-rss:(\d+)kB(?:, shmem-rss:(\d+)kB)?(?:, UID:(\d+))?/s.exec(
      message,
    );
  if (match === null) return null;
  const [, before, pid, comm, anon, file, shmem, uid] = match;
  return {
    pid: Number(pid),
    comm: comm!,
    uid: uid === undefined ? null : Number(uid),
    rss_bytes: (Number(anon) + Number(file) + Number(shmem ?? 0)) * 1024,
    in_cgroup: /^Memory cgroup/.test(before ?? ''),
  };
}

/**
 * The line before the kill until Linux 4.19; systems on which the kill has no prefix.
 *
 * ```
 * Memory cgroup out of memory: Kill process 77 (python3) score 1000 or sacrifice child
 * ```
 */
export function parseOomChoice(message: string): { pid: number; in_cgroup: boolean } | null {
  const pid = /^.{0,80}: Kill process (\d+) \(.{0,64}\) score \d+ or sacrifice child$/s.exec(message)?.[1];
  return pid === undefined ? null : { pid: Number(pid), in_cgroup: message.startsWith('Memory cgroup') };
}

/**
 * ```
 * oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a/b,task_memcg=/a/b,task=python3,pid=123,uid=0
 * oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=node,pid=4321,uid=1000
 * ```
 */
export function parseOomReason(message: string): OomReason | null {
  if (!message.startsWith('oom-kill:')) return null;
  const end = /,pid=(\d+),uid=(\d+)$/.exec(message);
  if (end === null) return null;
  const cgroup = /,oom_memcg=(.{1,4096}?),task_memcg=/s.exec(message)?.[1] ?? null;
  return { pid: Number(end[1]), uid: Number(end[2]), cgroup };
}
