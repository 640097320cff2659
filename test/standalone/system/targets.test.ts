import { describe, expect, it } from 'vitest';
import type { TableRow } from '../../../src/sources/procfs/table.js';
import { type TargetOptions, Targets } from '../../../src/standalone/system/targets.js';

const row = (pid: number, ppid: number, comm: string, over: Partial<TableRow> = {}) =>
  ({
    pid,
    ppid,
    comm,
    start_ticks: pid,
    state: 'S',
    cpu_percent: 10,
    rss_bytes: 100,
    vsize_bytes: 1000,
    threads: 2,
    ...over,
  }) as TableRow;

const OPTIONS: TargetOptions = { comm: null, pid: null, children: true, own_pid: 99 };
const watch = (options: Partial<TargetOptions>) => {
  const targets = new Targets({ ...OPTIONS, ...options });
  return {
    targets,
    follow: (...rows: TableRow[]) => targets.follow(rows, pid => rows.find(one => one.pid === pid)),
  };
};

describe('targets', () => {
  it('have what they started in their figures', () => {
    const { targets, follow } = watch({ comm: 'node' });
    const { usages } = follow(row(5, 1, 'node'), row(6, 5, 'sh'), row(7, 6, 'node'), row(8, 1, 'sh'));
    expect(usages).toEqual([
      { pid: 5, comm: 'node', cpu_percent: 30, rss_bytes: 300, vsize_bytes: 3000, threads: 6, children: 2 },
    ]);
    // These are read at every sample: one at rest would be listed for seconds after its end otherwise.
    expect(targets.pids).toEqual([5, 6, 7]);
  });

  it('keep what left them, and what that started', () => {
    const { follow } = watch({ pid: 5 });
    follow(row(5, 1, 'sh'), row(6, 5, 'sh'), row(7, 6, 'sleep'));
    expect(follow(row(5, 1, 'sh'), row(7, 1, 'sleep'), row(8, 7, 'x')).usages).toMatchObject([
      { children: 2 },
    ]);
  });

  it('are each on their own without children', () => {
    const { usages } = watch({ comm: 'node', children: false }).follow(row(5, 1, 'node'), row(7, 5, 'node'));
    expect(usages.map(({ pid, children }) => [pid, children])).toEqual([
      [5, 0],
      [7, 0],
    ]);
  });

  it('come later, end, and are not whoever has their pid then', () => {
    const { follow } = watch({ comm: 'node' });
    expect(follow(row(5, 1, 'sh')).usages).toEqual([]);
    expect(follow(row(5, 1, 'node')).usages).toMatchObject([{ pid: 5 }]);
    const { usages, ended } = follow(
      row(5, 1, 'node', { start_ticks: 77 }),
      row(6, 1, 'node', { state: 'Z' }),
    );
    expect(ended).toMatchObject([{ pid: 5, start_ticks: 5 }]);
    expect(usages).toMatchObject([{ pid: 5 }]);
  });

  it('are never vigil itself by name', () => {
    expect(watch({ comm: 'node' }).follow(row(99, 1, 'node')).usages).toEqual([]);
    expect(watch({ pid: 99 }).follow(row(99, 1, 'node')).usages).toHaveLength(1);
  });
});
