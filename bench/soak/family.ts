import { readdirSync, readFileSync } from 'node:fs';

/** One process of vigil at one moment. */
export interface Member {
  pid: number;
  /** e.g. `daemon`, `hand`, `bpftrace lifecycle` */
  name: string;
  rss_bytes: number;
  /** What is its own and not a page of a file. */
  anonymous_bytes: number;
  /** Open descriptors. */
  fds: number;
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
  const name = isDaemon ? 'daemon' : command.some(word => word.endsWith('hand.js')) ? 'hand' : program;
  try {
    const fds = readdirSync(`/proc/${pid}/fd`).length;
    return { pid, name, rss_bytes: bytes('Rss'), anonymous_bytes: bytes('Anonymous'), fds };
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
