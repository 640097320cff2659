import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alert, HOUR_MS, MB, machine, process, START_MS } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

const DAY_MS = 24 * HOUR_MS;

describe('after a day', () => {
  it('a minute is one row, and what a report says of it is the same', async () => {
    const rig = new Rig();
    const store = await rig.open();
    for (let tick = 0; tick < 120; tick++) {
      const snapshot = machine(START_MS + tick * 10_000, tick);
      const big = process(7777, { rss_bytes: (tick % 6) * 9_000 * MB, cpu_percent: (tick % 6) * 10 });
      store.addSnapshot({ ...snapshot, processes: [...snapshot.processes, big] });
    }
    const period = { from_ms: START_MS, to_ms: START_MS + 1_200_000 };
    const before = (await store.query('hostSeries', period, 10))!;
    const peaks = async () =>
      (await store.query('sessionTotals', period, 10, null))!.map(({ peak_rss_bytes }) => peak_rss_bytes);
    const peaksBefore = await peaks();
    rig.now_ms += DAY_MS + 1_200_000;
    await store.maintain();
    expect(['host_samples', 'session_samples', 'process_samples'].map(table => rig.count(table))).toEqual([
      0, 0, 0,
    ]);
    expect(['host_minutes', 'session_minutes', 'process_minutes'].map(table => rig.count(table))).toEqual([
      20, 60, 20,
    ]);
    const after = (await store.query('hostSeries', period, 10))!;
    for (const [name, buckets] of Object.entries(before.series)) {
      buckets.forEach((bucket, i) => {
        const thinned = after.series[name]![i]!;
        expect(thinned === null).toBe(bucket === null);
        if (bucket === null) return;
        expect(thinned.min).toBe(bucket.min);
        expect(thinned.max).toBe(bucket.max);
        expect(Math.abs(thinned.avg - bucket.avg)).toBeLessThanOrEqual(Math.abs(bucket.avg) * 0.01 + 1);
      });
    }
    expect(await peaks()).toEqual(peaksBefore);
    const [top] = (await store.query('topOfPeriod', period, 'peak_rss', 1, null))!;
    expect(top).toMatchObject({ pid: 7777, peak_rss_bytes: 45_000 * MB, mean_cpu_percent: 30 });
  });

  it('what is younger is left as it is', async () => {
    const rig = new Rig();
    const store = await rig.open();
    for (let tick = 0; tick < 60; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
    await store.flush();
    rig.now_ms += DAY_MS + 300_000;
    await store.maintain();
    expect([rig.count('host_samples'), rig.count('host_minutes')]).toEqual([30, 5]);
  });
});

describe('after the time of retention', () => {
  it('that is another now, what is older is gone, and snapshots are kept as often as is said now', async () => {
    const rig = new Rig();
    const store = await rig.open();
    store.addTransition(transition(START_MS, 'WORKING'));
    await store.flush();
    rig.now_ms += 3 * HOUR_MS;
    await store.maintain();
    expect(rig.count('transitions')).toBe(1);
    store.configure({ retention_hours: 2, snapshot_interval_s: 60 });
    for (let s = 0; s <= 120; s += 10) store.addSnapshot(machine(rig.now_ms + s * 1000, s));
    await store.flush();
    await store.maintain();
    expect([rig.count('transitions'), rig.count('host_samples')]).toEqual([0, 3]);
  });

  it('everything is gone but open alerts, actions and the whitelist', async () => {
    const rig = new Rig();
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    store.addTransition(transition(START_MS, 'WORKING'));
    store.addTransition(transition(START_MS, 'EXITED'));
    store.putAlert(alert(1, { status: 'resolved', resolved_ms: START_MS }));
    store.putAlert(alert(2));
    store.addToWhitelist({ pattern: 'node', match_type: 'name', reason: null });
    await store.writeAction({
      id: 1,
      time_ms: START_MS,
      mode: 'ask',
      requested_by: 'uid 0',
      alert_id: null,
      what: 'terminate',
      targets: [],
      argv: null,
      evidence: null,
      before: null,
      after: null,
      result: 'ended',
    });
    rig.now_ms += 171 * HOUR_MS;
    await store.maintain();
    for (const table of ['host_samples', 'host_minutes', 'process_minutes', 'session_minutes']) {
      expect([table, rig.count(table)]).toEqual([table, 0]);
    }
    for (const table of ['processes', 'sessions', 'transitions']) {
      expect([table, rig.count(table)]).toEqual([table, 0]);
    }
    expect(rig.read('SELECT id FROM alerts')).toEqual([{ id: 2 }]);
    expect([rig.count('actions'), rig.count('whitelist')]).toEqual([1, 1]);
    rig.now_ms += 91 * DAY_MS;
    await store.maintain();
    expect([rig.count('actions'), rig.count('whitelist')]).toEqual([0, 1]);
  });

  it('a session that still runs keeps its row', async () => {
    const rig = new Rig();
    const store = await rig.open({ retention_hours: 1 });
    for (let hour = 0; hour < 10; hour++) {
      rig.now_ms = START_MS + hour * HOUR_MS;
      store.addSnapshot(machine(rig.now_ms, hour, { churn: 0 }));
      await store.flush();
      await store.maintain();
    }
    const period = { from_ms: START_MS, to_ms: rig.now_ms + 1 };
    expect((await store.query('sessionTotals', period, 10, null))!).toHaveLength(3);
    expect((await store.query('topOfPeriod', period, 'peak_rss', 3, null))!).toHaveLength(3);
  });
});

describe('the limit of size', () => {
  it('is kept with the log, the oldest goes, and the newest is there', async () => {
    const rig = new Rig();
    const max_bytes = 4 * MB;
    const store = await rig.open({ max_bytes });
    const alerts = 25;
    let most = 0;
    for (let tick = 0; tick < 2500; tick++) {
      rig.now_ms = START_MS + tick * 10_000;
      store.addSnapshot(machine(rig.now_ms, tick, { processes: 40, churn: 12 }));
      if (tick % 100 === 0) store.putAlert(alert(tick));
      if (tick % 50 !== 49) continue;
      expect(await store.flush()).toBe(true);
      if (tick % 500 === 499) await store.maintain();
      most = Math.max(most, statSync(rig.path).size + statSync(`${rig.path}-wal`).size);
    }
    expect(most).toBeLessThanOrEqual(max_bytes);
    expect(store.health()).toMatchObject({ problem: null, lost: 0 });
    expect(rig.count('alerts')).toBe(alerts);
    const [range] = rig.read<{ least: number; most: number }>(
      'SELECT min(time_ms) AS least, max(time_ms) AS most FROM host_samples',
    );
    expect(range!.least).toBeGreaterThan(START_MS);
    expect(range!.most).toBe(rig.now_ms);
  }, 30_000);

  it('that became smaller is reached by and by', async () => {
    const rig = new Rig();
    const first = await rig.open();
    for (let tick = 0; tick < 1200; tick++) {
      first.addSnapshot(machine(START_MS + tick * 10_000, tick, { churn: 60, processes: 40 }));
      if (tick % 500 === 499) await first.flush();
    }
    await first.stop();
    expect(statSync(rig.path).size).toBeGreaterThan(MB);
    const store = await rig.open({ max_bytes: MB });
    await store.maintain();
    expect(store.health().bytes).toBeLessThan(MB);
    expect(rig.count('host_samples')).toBeGreaterThan(100);
  });

  it('gives room back to the disk', async () => {
    const rig = new Rig();
    const store = await rig.open();
    for (let tick = 0; tick < 1200; tick++) {
      store.addSnapshot(machine(START_MS + tick * 10_000, tick, { churn: 60, processes: 40 }));
      if (tick % 500 === 499) await store.flush();
    }
    await store.maintain();
    const before = store.health().bytes!;
    rig.now_ms += 400 * HOUR_MS;
    await store.maintain();
    expect(store.health().bytes!).toBeLessThan(before / 2);
  });
});
