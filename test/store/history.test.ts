import { lstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../src/store/records.js';
import { alert, HOUR_MS, MB, machine, process, START_MS, session } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

const DAY = { from_ms: START_MS, to_ms: START_MS + 24 * HOUR_MS };

const action = (id: number, more: Partial<ActionRecord> = {}): ActionRecord => ({
  id,
  time_ms: START_MS,
  mode: 'ask',
  requested_by: 'uid 1000',
  alert_id: 1,
  what: 'terminate',
  targets: [process(4711, { cmdline: `node ${'x'.repeat(5000)}` })],
  argv: null,
  evidence: { rss_bytes: 5 },
  before: { alive: true },
  after: null,
  result: null,
  ...more,
});

describe('samples', () => {
  it('are kept one per interval, and come back as least, mean and most of each part of a period', async () => {
    const rig = new Rig();
    const store = await rig.open();
    for (let tick = 0; tick < 60; tick++) store.addSnapshot(machine(START_MS + tick * 5_000, tick));
    const period = { from_ms: START_MS, to_ms: START_MS + 300_000 };
    const series = (await store.query('hostSeries', period, 5, ['memory_used_bytes', 'cpu_busy_percent']))!;
    expect(rig.count('host_samples')).toBe(30);
    expect(Object.keys(series.series)).toEqual(['cpu_busy_percent', 'memory_used_bytes']);
    const used = Array.from({ length: 6 }, (_, i) => machine(0, i * 2).host.memory!.used_bytes);
    const first = series.series.memory_used_bytes![0]!;
    expect(first.min).toBeCloseTo(Math.min(...used), -4);
    expect(first.max).toBeCloseTo(Math.max(...used), -4);
    expect(first.avg).toBeCloseTo(used.reduce((sum, value) => sum + value) / 6, -4);
    expect(series.series.memory_used_bytes).toHaveLength(5);
  });

  it('say null where nothing was measured', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const snapshot = machine(START_MS, 0);
    store.addSnapshot({ ...snapshot, host: { ...snapshot.host, memory: null } });
    const { series } = (await store.query('hostSeries', DAY, 2))!;
    expect(series.memory_used_bytes).toEqual([null, null]);
    expect(series.load1).toEqual([expect.anything(), null]);
    expect(series.gpu_celsius).toEqual([null, null]);
  });

  it('have a place for a figure that was never kept before, and keep it when nobody measures it any more', async () => {
    const rig = new Rig();
    const before = await rig.open();
    before.addSnapshot(machine(START_MS, 0));
    await before.stop();
    const figures = [{ name: 'cache_hit_percent', of: () => 12.34 }];
    const store = await rig.open({ figures });
    for (let tick = 1; tick <= 6; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
    await store.stop();
    const later = await rig.open();
    // A day later only the minutes are left.
    rig.now_ms = START_MS + 25 * HOUR_MS;
    await later.maintain();
    expect([rig.count('host_samples'), rig.count('host_minutes')]).toEqual([0, 2]);
    const { series } = (await later.query(
      'hostSeries',
      { from_ms: START_MS, to_ms: START_MS + 120_000 },
      2,
    ))!;
    const hits = { min: 12.34, avg: 12.34, max: 12.34 };
    expect(series.cache_hit_percent).toEqual([hits, hits]);
    expect(series.load1).toEqual([expect.anything(), null]);
  });

  it('tell the processes that were largest and busiest, with names as hostile as they were', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const evil = `x'); DROP TABLE processes; --\u001b[31m\n`;
    for (let tick = 0; tick < 3; tick++) {
      const snapshot = machine(START_MS + tick * 10_000, tick);
      const big = process(7777, {
        comm: evil,
        rss_bytes: (tick + 1) * 9_000 * MB,
        cpu_percent: tick * 100,
        session: session(1),
      });
      store.addSnapshot({ ...snapshot, processes: [...snapshot.processes, big] });
    }
    const [top] = (await store.query('topOfPeriod', DAY, 'peak_rss', 5, null))!;
    expect(top).toMatchObject({
      pid: 7777,
      session_pid: 1001,
      comm: evil,
      peak_rss_bytes: 27_000 * MB,
      mean_rss_bytes: 18_000 * MB,
      peak_cpu_percent: 200,
      mean_cpu_percent: 100,
      samples: 3,
    });
    expect((await store.query('topOfPeriod', DAY, 'peak_cpu', 1, null))![0]!.pid).toBe(7777);
    expect(await store.query('topOfPeriod', DAY, 'peak_rss', 5, 4242)).toEqual([]);
  });

  it('keep a reused pid apart, and a process that became another program together', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const at = (tick: number, start_ticks: number, comm: string) => {
      const big = process(7777, { start_ticks, comm, rss_bytes: 9_000 * MB });
      store.addSnapshot({ ...machine(START_MS + tick * 10_000, tick), processes: [big] });
    };
    at(0, 1, 'sh');
    at(1, 1, 'node');
    at(2, 2, 'yes');
    const top = (await store.query('topOfPeriod', DAY, 'peak_rss', 5, null))!;
    expect(top.map(({ comm, samples }) => [comm, samples])).toEqual(
      expect.arrayContaining([
        ['node', 2],
        ['yes', 1],
      ]),
    );
    expect(top).toHaveLength(2);
  });
});

describe('sessions', () => {
  it('have their time of work and of waiting, their peaks and their end', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const at = (s: number) => START_MS + s * 1000;
    store.addTransition(transition(at(0), 'WORKING'));
    for (let tick = 0; tick < 20; tick++) store.addSnapshot(machine(at(tick * 10), tick, { sessions: 1 }));
    store.addTransition(transition(at(90), 'WAITING', { from: 'WORKING', reason: 'done' }));
    store.addTransition(transition(at(150), 'WORKING', { from: 'WAITING' }));
    store.addTransition(transition(at(200), 'EXITED', { from: 'WORKING', reason: 'exit' }));
    const sessions = (await store.query('sessionTotals', DAY, 10, null))!;
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({
      pid: 1000,
      agent: 'claude-code',
      cwd: '/home/me/shop0',
      uid: 1000,
      ended_ms: at(200),
      work_ms: 140_000,
      wait_ms: 60_000,
      transitions: 4,
      peak_rss_bytes: 419 * MB,
      peak_processes: 2,
    });
    const clipped = { from_ms: at(60), to_ms: at(100) };
    const [part] = (await store.query('sessionTotals', clipped, 10, 1000))!;
    expect(part).toMatchObject({ work_ms: 30_000, wait_ms: 10_000, transitions: 1 });
    expect(await store.query('sessionTotals', clipped, 10, 4242)).toEqual([]);
  });

  it('with the pid of an ended one are new ones', async () => {
    const rig = new Rig();
    const first = await rig.open();
    first.addTransition(transition(START_MS, 'WORKING'));
    first.addTransition(transition(START_MS + 1000, 'EXITED', { from: 'WORKING' }));
    first.addTransition(transition(START_MS + 5000, 'WORKING', { cwd: '/other' }));
    await first.stop();
    const store = await rig.open();
    store.addTransition(transition(START_MS + 6000, 'WAITING', { from: 'WORKING', cwd: '/other' }));
    const sessions = (await store.query('sessionTotals', DAY, 10, null))!;
    expect(sessions.map(({ cwd, transitions }) => [cwd, transitions])).toEqual([
      ['/other', 2],
      ['/home/me/shop0', 2],
    ]);
    const told = (await store.query('transitionsOf', DAY, 10))!;
    expect(told.at(-1)).toEqual(transition(START_MS, 'WORKING'));
  });

  it('of a boot before are not mixed up with those of now', async () => {
    const rig = new Rig();
    const first = await rig.open();
    first.addSnapshot(machine(START_MS, 0, { sessions: 1 }));
    await first.stop();
    const store = await rig.open({ boot_id: 'another boot' });
    store.addSnapshot(machine(START_MS + 600_000, 0, { sessions: 1 }));
    expect(await store.query('sessionTotals', DAY, 10, null)).toHaveLength(2);
  });
});

describe('alerts', () => {
  it('live from open to resolved in one row, and are counted by rule', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const at = (s: number) => START_MS + s * 1000;
    store.putAlert(alert(1));
    store.putAlert(alert(1, { severity: 'critical', updated_ms: at(10) }));
    store.putAlert(alert(1, { severity: 'critical', status: 'resolved', resolved_ms: at(60) }));
    store.putAlert(alert(2, { rule: 'swap', opened_ms: at(20) }));
    expect(await store.query('alertsByRule', { from_ms: at(0), to_ms: at(120) })).toEqual([
      {
        rule: 'memory_leak',
        count: 1,
        open: 0,
        open_ms: 60_000,
        last_opened_ms: at(0),
        severities: { critical: 1 },
      },
      { rule: 'swap', count: 1, open: 1, open_ms: 100_000, last_opened_ms: at(20), severities: { high: 1 } },
    ]);
    expect((await store.query('alertsOf', DAY, 10, null))!.map(({ id }) => id)).toEqual([2, 1]);
    expect(await store.query('openAlerts')).toEqual([alert(2, { rule: 'swap', opened_ms: at(20) })]);
    expect(await store.query('alertById', 1)).toMatchObject({ id: 1, status: 'resolved' });
    expect(await store.query('alertById', 3)).toBeNull();
  });

  it('of others are not told', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const subject = { ...alert(1).subject, uid: null };
    store.putAlert(alert(1));
    store.putAlert(alert(2, { subject }));
    expect((await store.query('alertsOf', DAY, 10, 4242))!.map(({ id }) => id)).toEqual([2]);
  });

  it('go on counting where they ended, also when the last one is long deleted', async () => {
    const rig = new Rig();
    const first = await rig.open();
    expect(first.nextAlertId()).toBe(1);
    const id = first.nextAlertId();
    first.putAlert(alert(id, { status: 'resolved', resolved_ms: START_MS }));
    await first.flush();
    rig.now_ms += 400 * HOUR_MS;
    await first.maintain();
    await first.stop();
    expect(rig.count('alerts')).toBe(0);
    const store = await rig.open();
    expect(store.nextAlertId()).toBe(id + 1);
  });
});

describe('actions', () => {
  it('are on the disk when the promise says so, and get their result later', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const id = store.nextActionId();
    expect(await store.writeAction(action(id))).toBe(true);
    expect(rig.count('actions')).toBe(1);
    expect(await store.writeAction(action(id, { after: { alive: false }, result: 'ended' }))).toBe(true);
    const [told] = (await store.query('actionsOf', DAY, 10, null))!;
    expect(told).toMatchObject({ id, what: 'terminate', after: { alive: false }, result: 'ended' });
    expect(told!.targets[0]!.cmdline).toHaveLength(513);
  });

  it('of one user are found however many of others came later, and tell nothing of the others’ processes', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const of = (uid: number, pid: number) => ({ ...process(pid), uid, cmdline: `secret of ${uid}` });
    await store.writeAction(action(1, { targets: [of(7, 71)], result: 'done: it is gone' }));
    const mixed = { targets: [of(8, 81), of(7, 72)], result: 'partly: secret (pid 81) is left' };
    await store.writeAction(
      action(2, { ...mixed, evidence: { text: 'ends secret of 8' }, after: { processes: [of(8, 81)] } }),
    );
    for (let id = 3; id < 20; id++) await store.writeAction(action(id, { targets: [of(8, 80)] }));
    const told = (await store.query('actionsOf', DAY, 5, 7))!;
    expect(told.map(({ id }) => id)).toEqual([2, 1]);
    expect(told[0]).toMatchObject({ targets: [{ pid: 72, uid: 7 }], result: 'partly' });
    expect(told[1]).toMatchObject({ result: 'done: it is gone', evidence: action(1).evidence });
    expect(JSON.stringify(told)).not.toContain('of 8');
    expect(await store.query('actionsOf', DAY, 5, 9)).toEqual([]);
    expect(await store.query('actionsOf', DAY, 50, null)).toHaveLength(19);
  });
});

describe('diagnoses, baselines', () => {
  it('come back as they were', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const counts = { input_tokens: 1000, output_tokens: 50, cache_read_tokens: 10, cache_write_tokens: 0 };
    const base = { alert_id: 1, provider: 'anthropic', model: 'm', ...counts, answer: { cause: 'a leak' } };
    store.addDiagnosis({ time_ms: START_MS, ...base });
    store.addDiagnosis({ time_ms: START_MS + 1, ...base });
    expect(await store.query('diagnosisUsage', DAY)).toEqual({
      requests: 2,
      input_tokens: 2000,
      output_tokens: 100,
      cache_read_tokens: 20,
      cache_write_tokens: 0,
    });
    expect((await store.query('diagnosesOf', DAY, 1))![0]!.answer).toEqual({ cause: 'a leak' });
    store.saveBaseline('load1', 13, { n: 1 });
    store.saveBaseline('load1', 13, { n: 2 });
    expect(await store.query('baselines')).toEqual([{ key: 'load1', hour: 13, state: { n: 2 } }]);
  });
});

describe('the whitelist', () => {
  it('holds at once, once, until it is removed, also over a restart', async () => {
    const rig = new Rig();
    const first = await rig.open();
    const entry = { pattern: `'; --`, match_type: 'name', reason: null } as const;
    const { row, written } = first.addToWhitelist(entry)!;
    expect(await written).toBe(true);
    expect(rig.count('whitelist')).toBe(1);
    expect(first.whitelist()).toEqual([{ ...entry, id: 1, created_ms: START_MS }]);
    expect(first.addToWhitelist(entry)!.row).toEqual(row);
    first.addToWhitelist({ ...entry, match_type: 'regex' });
    await first.stop();
    const second = await rig.open();
    expect(second.whitelist()).toHaveLength(2);
    const removed = second.removeFromWhitelist(row.id)!;
    expect(removed.row).toEqual(row);
    expect(await removed.written).toBe(true);
    expect(rig.count('whitelist')).toBe(1);
    expect(second.removeFromWhitelist(row.id)).toBeNull();
    await second.stop();
    const third = await rig.open();
    expect(third.whitelist().map(({ match_type }) => match_type)).toEqual(['regex']);
    expect(third.addToWhitelist(entry)!.row.id).toBe(3);
  });
});

describe('the files', () => {
  it('are for the owner alone', async () => {
    const rig = new Rig();
    const store = await rig.open({ directory: `${rig.directory}/state` });
    store.addSnapshot(machine(START_MS, 0));
    await store.flush();
    const mode = (name: string) => (lstatSync(`${rig.directory}/state${name}`).mode & 0o777).toString(8);
    expect(mode('')).toBe('700');
    expect(['/vigil.db', '/vigil.db-wal', '/vigil.db-shm'].map(mode)).toEqual(['600', '600', '600']);
  });
});
