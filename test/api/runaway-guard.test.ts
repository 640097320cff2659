import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clock } from '../../src/lib/time/time.js';
import type { ProcessSample, Snapshot } from '../../src/model/snapshot.js';
import { fakeAlert } from './fake-daemon.js';
import { Rig, waitFor } from './rig.js';

/** The socket as RunawayGuard's clients use it: `nc -U`, a line each. */

let rig: Rig;
// Nobody sets the clock meanwhile; a machine that has no time to spare looks like it.
beforeEach(() => void vi.spyOn(clock, 'wallTime').mockImplementation(time_ms => time_ms));
afterEach(async () => {
  await rig.stop();
  vi.restoreAllMocks();
});

const process_ = (pid: number, uid: number): ProcessSample => ({
  pid,
  start_ticks: 1,
  uid,
  comm: 'node',
  cmdline: 'node server.js',
  ppid: 1,
  pgid: pid,
  sid: pid,
  state: 'D',
  started_ms: 60_000,
  threads: 1,
  cpu_percent: 12.345,
  rss_bytes: 150 * 1_048_576,
  anon_bytes: null,
  swap_bytes: null,
  fds: null,
  read_bytes: null,
  write_bytes: null,
  oom_score_adj: null,
  cgroup: null,
  session: null,
});

const snapshot = (...processes: ProcessSample[]) =>
  ({ time_ms: 100_500, processes, sessions: [], events: [] }) as unknown as Snapshot;

async function ask(...lines: string[]): Promise<unknown[]> {
  return rig
    .raw()
    .send(lines.map(line => `${line}\n`).join(''))
    .until(lines.length);
}

describe('RunawayGuard’s protocol', () => {
  it('lists processes', async () => {
    rig = await Rig.start();
    const [early] = await ask('{"cmd":"list_processes"}');
    expect(early).toMatchObject({ type: 'error', error: { code: 'not_ready' } });
    rig.daemon.look(snapshot(process_(5, 0)));
    const [reply] = await ask('{"cmd":"list_processes"}');
    expect(reply).toEqual({
      type: 'response',
      id: null,
      data: [
        {
          pid: 5,
          name: 'node',
          cmdline: 'node server.js',
          cpu_percent: 12.3,
          memory_mb: 150,
          runtime_seconds: 40,
          state: 'DiskSleep',
        },
      ],
    });
  });

  it('gets alerts, and clears them', async () => {
    rig = await Rig.start();
    rig.daemon.alerts = [fakeAlert({ id: 1 }), fakeAlert({ id: 2, opened_ms: 5_000 })];
    const [all, one, since] = await ask(
      '{"cmd":"get_alerts","params":{"limit":50}}',
      '{"cmd":"get_alerts","params":{"limit":1}}',
      '{"cmd":"get_alerts","params":{"since":6}}',
    );
    expect(all).toMatchObject({ data: [{ id: 2 }, { id: 1, pid: 4711, name: 'yes', reason: 'cpu_high' }] });
    expect(all).toMatchObject({ data: [{ timestamp: 5, severity: 'critical' }, {}] });
    expect(one).toMatchObject({ data: [{ id: 2 }] });
    expect(since).toMatchObject({ data: [{ id: 1 }] });
    expect(await ask('{"cmd":"clear_alerts","id":"x"}')).toEqual([
      { type: 'response', id: 'x', data: { cleared: 2 } },
    ]);
    expect(rig.daemon.alerts).toEqual([]);
  });

  it('keeps a whitelist', async () => {
    rig = await Rig.start();
    // Each waits for the one before: a change is answered when it is on the disk, and what is asked after it at once.
    const [added] = await ask('{"cmd":"add_whitelist","params":{"pattern":"firefox","match_type":"name"}}');
    const [list] = await ask('{"cmd":"list_whitelist"}');
    const [bad] = await ask('{"cmd":"add_whitelist","params":{"pattern":"(a+","match_type":"regex"}}');
    const [removed] = await ask('{"cmd":"remove_whitelist","params":{"id":1}}');
    const [again] = await ask('{"cmd":"remove_whitelist","params":{"id":1}}');
    expect(added).toMatchObject({ data: { id: 1, pattern: 'firefox' } });
    expect(list).toMatchObject({ data: [{ id: 1, match_type: 'name' }] });
    expect(bad).toMatchObject({ error: { code: 'bad_request' } });
    expect(removed).toMatchObject({ data: { removed: 1 } });
    expect(again).toMatchObject({ error: { code: 'not_found' } });
  });

  it('pauses and resumes', async () => {
    rig = await Rig.start();
    await ask('{"cmd":"pause_monitoring"}');
    expect(rig.daemon.isPaused).toBe(true);
    await ask('{"cmd":"resume_monitoring"}');
    expect(rig.daemon.isPaused).toBe(false);
  });

  it('pushes alerts and status to those who speak it, and to nobody else', async () => {
    rig = await Rig.start();
    const guard = rig.raw().send('{"cmd":"get_alerts"}\n');
    const other = rig.raw().send('{"cmd":"agents"}\n');
    await guard.until(1);
    await other.until(1);
    rig.daemon.look(snapshot(process_(5, 0), process_(6, 0)));
    rig.daemon.emitAlert(fakeAlert({ id: 3 }));
    const [, status, alert] = await guard.until(3);
    expect(status).toEqual({ type: 'status', data: { monitored_count: 2, alert_count: 0 } });
    expect(alert).toMatchObject({ type: 'alert', data: { id: 3, pid: 4711, reason: 'cpu_high' } });
    expect(other.text.trimEnd().split('\n')).toHaveLength(1);
  });

  it('lets go of the daemon when the last of them is gone', async () => {
    rig = await Rig.start();
    const guard = rig.raw().send('{"cmd":"get_alerts"}\n');
    await guard.until(1);
    expect(rig.daemon.watcherCount).toBe(1);
    guard.socket.destroy();
    await waitFor(() => rig.daemon.watcherCount === 0);
  });
});
