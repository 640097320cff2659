import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A memory cgroup of the test's own, with a limit and no swap, on either version of cgroups. Needs root. */
export class MemoryCgroup {
  readonly procs: string;

  private constructor(private readonly dir: string) {
    this.procs = join(dir, 'cgroup.procs');
  }

  static create(limit_bytes: number): MemoryCgroup {
    const { dir, limit, swap } = place(`vigil-test-${process.pid}`);
    mkdirSync(dir);
    writeFileSync(join(dir, limit), String(limit_bytes));
    // A file that is not there: no swap accounting, and then a machine without swap is assumed.
    if (existsSync(join(dir, swap.file))) writeFileSync(join(dir, swap.file), swap.value(limit_bytes));
    return new MemoryCgroup(dir);
  }

  isEmpty(): boolean {
    return readFileSync(this.procs, 'utf8') === '';
  }

  remove(): void {
    rmdirSync(this.dir);
  }
}

function place(name: string) {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '));
  const v1 = mounts.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('memory'),
  );
  if (v1 !== undefined) {
    const swap = { file: 'memory.memsw.limit_in_bytes', value: (bytes: number) => String(bytes) };
    return { dir: join(v1[1]!, name), limit: 'memory.limit_in_bytes', swap };
  }
  const v2 = mounts.find(([, , type]) => type === 'cgroup2');
  if (v2 === undefined) throw new Error('no cgroup file system is mounted: the OOM test needs one');
  const control = join(v2[1]!, 'cgroup.subtree_control');
  if (!readFileSync(control, 'utf8').includes('memory')) writeFileSync(control, '+memory');
  return {
    dir: join(v2[1]!, name),
    limit: 'memory.max',
    swap: { file: 'memory.swap.max', value: () => '0' },
  };
}
