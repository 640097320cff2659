import { expect, it } from 'vitest';
import { connectToDaemon } from '../../src/api/client/index.js';
import { processesReport } from '../../src/api/commands/machine/processes.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { Rig } from './rig.js';

const process_ = (pid: number, uid: number, session: number | null) => ({
  pid,
  ppid: 1,
  start_ticks: pid,
  uid,
  comm: 'node',
  cmdline: 'x'.repeat(4_096),
  state: 'S',
  started_ms: 0,
  threads: 1,
  cpu_percent: null,
  rss_bytes: pid,
  session:
    session === null ? null : { pid: session, start_ticks: 1, agent: 'claude', cwd: null, alive: true },
});

const snapshot = {
  time_ms: 1_000,
  processes: [process_(1, 0, null), process_(10, 1000, 10), process_(11, 1000, 10), process_(20, 1001, 20)],
} as unknown as Snapshot;

const pids = (...args: Parameters<typeof processesReport>): number[] =>
  processesReport(...args).processes.map(({ pid }) => pid);

it('a user sees their own processes, root all', () => {
  expect(pids(snapshot, { kind: 'all' }, null, 100)).toEqual([1, 10, 11, 20]);
  expect(pids(snapshot, { kind: 'user', uid: 1000 }, null, 100)).toEqual([10, 11]);
  expect(pids(snapshot, { kind: 'user', uid: 1000 }, 20, 100)).toEqual([]);
  expect(pids(snapshot, { kind: 'none' }, null, 100)).toEqual([]);
});

it('of one session, and the largest ones where there are too many', () => {
  expect(pids(snapshot, { kind: 'all' }, 10, 100)).toEqual([10, 11]);
  expect(processesReport(snapshot, { kind: 'all' }, null, 2)).toMatchObject({
    total: 4,
    processes: [{ pid: 20 }, { pid: 11 }],
  });
});

it('are told over the socket, once vigil has looked', async () => {
  const rig = await Rig.start();
  const client = await connectToDaemon({ runtimeDir: rig.dir });
  try {
    await expect(client.call('processes')).rejects.toMatchObject({ code: 'not_ready' });
    rig.daemon.last = snapshot;
    const report = await client.call('processes', { session: 10, limit: 1 });
    expect(report).toMatchObject({
      time: '1970-01-01T00:00:01.000Z',
      total: 2,
      processes: [{ pid: 11, session: 10 }],
    });
    expect(report.processes[0]!.cmdline).toHaveLength(512);
    await expect(client.call('processes', { session: 0 })).rejects.toMatchObject({ code: 'bad_request' });
  } finally {
    client.close();
    await rig.stop();
  }
});
