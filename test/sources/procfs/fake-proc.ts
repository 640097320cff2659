import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeProcess {
  pid: number;
  comm?: string;
  state?: string;
  ppid?: number;
  flags?: number;
  ticks?: number;
  threads?: number;
  start?: number;
  rss_pages?: number;
  stack?: number;
  exit_signal?: number;
  uid?: number;
  argv?: string[];
  anon_kb?: number;
  fds?: number;
}

/** A small tree that looks like /proc. */
export class FakeProc {
  readonly root = mkdtempSync(join(tmpdir(), 'vigil-proc-'));

  put(process: FakeProcess): void {
    const { pid, comm = 'x', state = 'S', ppid = 1, flags = 4194304, ticks = 0, threads = 1 } = process;
    const { start = pid, rss_pages = 10, stack = 0, exit_signal = 17, uid = 1000, argv = ['x'] } = process;
    const dir = join(this.root, String(pid));
    mkdirSync(join(dir, 'fd'), { recursive: true });
    for (let fd = 0; fd < (process.fds ?? 0); fd++) writeFileSync(join(dir, 'fd', String(fd)), '');
    const stat = `${pid} (${comm}) ${state} ${ppid} ${pid} ${pid} 0 -1 ${flags} 1 0 0 0 ${ticks} 0 0 0 20 0 ${threads} 0 ${start} 5000000 ${rss_pages} 18446744073709551615 1 1 ${stack} 0 0 0 0 0 0 0 0 0 ${exit_signal} 1 0 0 0 0 0\n`;
    writeFileSync(join(dir, 'stat'), stat);
    const memory = process.anon_kb === undefined ? '' : `RssAnon:\t${process.anon_kb} kB\nVmSwap:\t 8 kB\n`;
    writeFileSync(
      join(dir, 'status'),
      `Name:\t${comm.replaceAll('\n', '\\n')}\nUid:\t${uid}\t0\t0\t0\n${memory}`,
    );
    writeFileSync(join(dir, 'cmdline'), argv.map(arg => `${arg}\0`).join(''));
    writeFileSync(join(dir, 'cgroup'), '0::/user.slice/a.scope\n');
    writeFileSync(
      join(dir, 'io'),
      'rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n',
    );
    writeFileSync(join(dir, 'oom_score_adj'), '-900\n');
  }

  end(pid: number): void {
    rmSync(join(this.root, String(pid)), { recursive: true });
  }

  /** The pid given last, as /proc/loadavg has it. */
  counter(pid: number): void {
    writeFileSync(join(this.root, 'loadavg'), `0.00 0.00 0.00 1/100 ${pid}\n`);
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
