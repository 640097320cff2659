import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/model/snapshot.js';
import { fakeAgent, fakeAlert } from '../api/fake-daemon.js';
import { Rig } from '../api/rig.js';
import { sample } from '../diagnosis/incident.js';
import { fakeHost, GB } from './host.js';
import { vigil } from './io.js';

const host = fakeHost();

const process_ = (pid: number, rss_bytes: number, cpu_percent: number) =>
  sample(pid, { uid: 0, comm: pid === 9 ? 'a\nb\u001b]0;x' : 'node', rss_bytes, cpu_percent });

describe('vigil status', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());
  const status = (...args: string[]) => vigil(['status', ...args, '--runtime-dir', rig.dir]);

  it('works before the first look at the machine', async () => {
    const { code, out } = await status();
    expect(code).toBe(0);
    expect(out).toContain('Nothing is wrong.');
    expect(out).toContain('vigil has not looked at the machine yet.');
    expect(JSON.parse((await status('--json')).out)).toMatchObject({ machine: null, agents: [], alerts: [] });
  });

  it('shows host, agents, alerts and the largest processes', async () => {
    const processes = [process_(1, GB, 0), process_(9, 5 * GB, 150)];
    rig.daemon.look({ time_ms: 0, host, processes, sessions: [], events: [] } as unknown as Snapshot);
    rig.daemon.list = [fakeAgent()];
    rig.daemon.alerts = [fakeAlert({ severity: 'critical' })];
    const { code, out } = await status();
    expect(code).toBe(1);
    expect(out).toMatch(
      /^1 open alert, 1 of them high or critical\n {2}critical yes burns a core {2}\(A7, for /,
    );
    expect(out).toMatch(/^CPU +█+. +42% of 8 cores, load 3\.10 2\.00 1\.00, 2 processes$/m);
    expect(out).toMatch(/^Memory █{15} +75% of 32G, 8\.0G available$/m);
    expect(out).toMatch(/^Swap +█{10} +50% of 4\.0G$/m);
    expect(out).toMatch(/^Waits +memory 12% of the last 10 s \(PSI\)$/m);
    expect(out).toMatch(/^Disk .* 92% of 100G, 8\.0G free on \/$/m);
    expect(out).toMatch(/^GPU .* 30%, 2\.0G of 8\.0G, 60 °C, 120 W, GPU /m);
    expect(out).toMatch(/^Heat +CPU 71 °C$/m);
    expect(out).toMatch(/^ *4242 +claude +WORKING/m);
    expect(out).toMatch(/^Most memory: .*\[9\] 5\.0G, node\[1\] 1\.0G$/m);
    expect(out).toMatch(/^Most CPU: .*\[9\] 150%$/m);
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('calls no disk what lies in memory', async () => {
    const mount = (path: string, type: string, free_gb: number) => ({
      ...host.filesystems[0]!,
      mount: path,
      type,
      total_bytes: 100 * GB,
      available_bytes: free_gb * GB,
    });
    const disks = async (...filesystems: object[]) => {
      const snapshot = {
        time_ms: 0,
        host: { ...host, filesystems },
        processes: [],
        sessions: [],
        events: [],
      };
      rig.daemon.look(snapshot as unknown as Snapshot);
      return (await status()).out.split('\n').filter(line => / free on /.test(line));
    };
    expect(await disks(mount('/dev/shm', 'tmpfs', 100), mount('/', 'ext4', 97))).toEqual([
      expect.stringMatching(/^Disk .* 3\.0% of 100G, 97G free on \/$/),
    ]);
    expect(await disks(mount('/dev/shm', 'tmpfs', 30), mount('/', 'ext4', 50))).toEqual([
      expect.stringMatching(/^Disk .* free on \/$/),
      expect.stringMatching(/^tmpfs .* 70% of 100G, 30G free on \/dev\/shm, in memory$/),
    ]);
  });
});
