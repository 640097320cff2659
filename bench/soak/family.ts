import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One process of vigil at one moment. */
export interface Member {
  pid: number;
  /** e.g. `daemon`, `helper`, `bpftrace lifecycle` */
  name: string;
  rss_bytes: number;
  /** What is its own and not a page of a file. */
  anonymous_bytes: number;
  /** Open descriptors but for those below /proc. */
  fds: number;
  /** Files of processes that are kept open: as many as there are processes to watch. */
  proc_fds: number;
}

/** The daemon and all that descend from it. */
export function family(daemon: number): Member[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    const text = read(`/proc/${name}/stat`);
    const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: Member[] = [];
  const wanted = [daemon];
  for (let pid = wanted.pop(); pid !== undefined; pid = wanted.pop()) {
    wanted.push(...(children.get(pid) ?? []));
    const member = memberOf(pid, pid === daemon);
    if (member !== null) found.push(member);
  }
  return found;
}

function memberOf(pid: number, isDaemon: boolean): Member | null {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  if (rollup === '') return null;
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  const command = read(`/proc/${pid}/cmdline`).split('\0');
  const program = command[0]?.split('/').at(-1) ?? '';
  const name = isDaemon ? 'daemon' : command.some(word => word.endsWith('helper.js')) ? 'helper' : program;
  try {
    const targets = readdirSync(`/proc/${pid}/fd`).map(fd => linkOf(`/proc/${pid}/fd/${fd}`));
    const proc_fds = targets.filter(target => target.startsWith('/proc/')).length;
    const fds = targets.length - proc_fds;
    return { pid, name, rss_bytes: bytes('Rss'), anonymous_bytes: bytes('Anonymous'), fds, proc_fds };
  } catch {
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // it was closed since
  }
}
