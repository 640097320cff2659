import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { ProcessRef } from '../../src/model/snapshot.js';
import { MIGRATIONS } from '../../src/store/migrations/index.js';
import { migrate } from '../../src/store/migrations/migrate.js';
import type { ActionRecord } from '../../src/store/records.js';
import { alert, machine, process, START_MS } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

/** Rows that are large, cut off in the middle of what they tell of, or not as they should be at all. */

const DAY = { from_ms: START_MS - 86_400_000, to_ms: START_MS + 86_400_000 };

const action = (id: number, targets: readonly ProcessRef[]): ActionRecord => ({
  id,
  time_ms: START_MS,
  mode: 'ask',
  requested_by: 'uid 1000',
  alert_id: null,
  what: 'kill_group',
  targets,
  argv: null,
  evidence: null,
  before: null,
  after: null,
  result: null,
});

/** As another program would leave it there. */
function spoil(rig: Rig, sql: string): void {
  const db = new Sqlite(rig.path);
  db.exec(sql);
  db.close();
}

const GARBAGE = [
  `'{"too_large_chars":300000}'`,
  `'{"cut off in the mid'`,
  `'[1,"x",null,[{}],{"uid":"1000"}]'`,
  `'"text"'`,
  `'5'`,
  "x'ff00'",
  `''`,
];

describe('an action on hundreds of processes with long command lines', () => {
  const many = Array.from({ length: 700 }, (_, i) =>
    process(1000 + i, { uid: i === 650 ? 1001 : 1000, cmdline: `node ${'\u0001x'.repeat(2500)} ${i}` }),
  );

  it('is kept with its counts and some of its targets, and found by each owner', async () => {
    const rig = new Rig();
    const store = await rig.open();
    expect(await store.writeAction(action(1, many))).toBe(true);
    expect(await store.writeAction({ ...action(1, many), result: 'done: all' })).toBe(true);
    const [all] = (await store.query('actionsOf', DAY, 9, null))!;
    expect(all).toMatchObject({ targets_total: 700, damaged: false, result: 'done: all' });
    expect(all!.targets[0]).toMatchObject({ pid: 1000, uid: 1000 });
    expect(JSON.stringify(all).length).toBeLessThan(100_000);
    const [other] = (await store.query('actionsOf', DAY, 9, 1001))!;
    expect(other).toMatchObject({ targets: [{ pid: 1650 }], targets_total: 1, result: 'done' });
    const [own] = (await store.query('actionsOf', DAY, 9, 1000))!;
    expect(own!.targets_total).toBe(699);
    expect(await store.query('actionsOf', DAY, 9, 1002)).toEqual([]);
    expect(rig.count('action_owners')).toBe(2);
  });

  it('of a version before that kept a note instead of them takes nothing from the others', () => {
    const db = new Sqlite(':memory:');
    migrate(db, MIGRATIONS.slice(0, 1));
    const targets = [JSON.stringify(many.slice(0, 3)), ...GARBAGE.map(text => text.slice(1, -1))];
    targets.forEach((text, id) => {
      db.prepare(
        `INSERT INTO actions (id, time_ms, mode, requested_by, what, targets, evidence, before, after)
         VALUES (?, 0, 'auto', 'vigil', 'kill', ?, 'null', 'null', 'null')`,
      ).run(id, text);
    });
    migrate(db);
    expect(db.prepare('SELECT uid, action, targets FROM action_owners').all()).toEqual([
      { uid: 1000, action: 1, targets: 3 },
    ]);
    db.exec('DELETE FROM actions');
    expect(db.prepare('SELECT * FROM action_owners').all()).toEqual([]);
  });
});

describe.each(GARBAGE)('where %s stands instead', garbage => {
  it('it is shown as damaged, and the rest is there', async () => {
    const rig = new Rig();
    let store = await rig.open();
    for (const id of [1, 2]) {
      await store.writeAction(action(id, [process(4000 + id, { uid: 1000 })]));
      store.putAlert(alert(id));
    }
    store.addTransition(transition(START_MS, 'WORKING'));
    store.addDiagnosis({
      time_ms: START_MS,
      alert_id: 1,
      provider: 'p',
      model: 'm',
      input_tokens: 5,
      output_tokens: 6,
      cache_read_tokens: 0,
      cache_write_tokens: 0,
      answer: {},
    });
    store.saveBaseline('cpu', 3, [1, 2, 3, 4, 5]);
    store.addSnapshot(machine(START_MS, 0));
    await store.stop();
    spoil(
      rig,
      `UPDATE actions SET targets = ${garbage}, argv = ${garbage}, evidence = ${garbage}, before = ${garbage},
         after = ${garbage} WHERE id = 1;
       UPDATE alerts SET alert = ${garbage} WHERE id = 1;
       UPDATE transitions SET evidence = ${garbage}, ending = ${garbage};
       UPDATE diagnoses SET answer = ${garbage};
       UPDATE baselines SET state = ${garbage};
       UPDATE process_samples SET entries = ${garbage};
       UPDATE processes SET cmdline = ${garbage};`,
    );
    store = await rig.open();
    const actions = (await store.query('actionsOf', DAY, 9, null))!;
    expect(actions.map(({ id, damaged }) => [id, damaged])).toEqual([
      [2, false],
      [1, true],
    ]);
    expect(actions[1]).toMatchObject({ targets: [], targets_total: 1, argv: null, what: 'kill_group' });
    expect((await store.query('actionsOf', DAY, 9, 1000))!.map(({ id }) => id)).toEqual([2, 1]);
    for (const alerts of [
      (await store.query('alertsOf', DAY, 9, null))!,
      (await store.query('openAlerts'))!,
      [(await store.query('alertById', 1))!, (await store.query('alertById', 2))!],
    ]) {
      const [damaged, good] = [alerts.find(({ id }) => id === 1), alerts.find(({ id }) => id === 2)];
      expect(good).toEqual(alert(2));
      expect(damaged).toMatchObject({
        rule: alert(1).rule,
        status: 'open',
        title: expect.stringContaining('damaged'),
      });
      expect(damaged!.subject.processes).toEqual([]);
    }
    expect(await store.query('alertsByRule', DAY)).toHaveLength(1);
    expect((await store.query('transitionsOf', DAY, 9))!).toHaveLength(1);
    expect((await store.query('diagnosesOf', DAY, 9))!).toMatchObject([{ input_tokens: 5 }]);
    expect((await store.query('diagnosisUsage', DAY))!).toMatchObject({ requests: 1, input_tokens: 5 });
    expect(await store.query('baselines')).toHaveLength(1);
    expect(await store.query('topOfPeriod', DAY, 'peak_rss', 9, null)).toBeInstanceOf(Array);
    expect(await store.query('sessionTotals', DAY, 9, null)).toBeInstanceOf(Array);
    expect(rig.log.filter(line => line.includes('"level":50'))).toEqual([]);
  });
});

it('times that no clock shows break no report', async () => {
  const rig = new Rig();
  let store = await rig.open();
  await store.writeAction(action(1, []));
  store.putAlert(alert(1));
  store.addSnapshot(machine(START_MS, 0));
  await store.stop();
  spoil(
    rig,
    `UPDATE actions SET mode = 5, what = x'00', result = x'00';
     UPDATE sessions SET started_ms = 'then', last_ms = 9e300, cwd = 7;
     UPDATE processes SET started_ms = 'then', pid = 'x';
     UPDATE alerts SET alert = replace(alert, '"opened_ms":', '"opened_ms":1e300,"x":'), severity = 'huge', updated_ms = 'x';`,
  );
  store = await rig.open();
  const period = { from_ms: 0, to_ms: Number.MAX_SAFE_INTEGER };
  expect(await store.query('actionsOf', period, 9, null)).toMatchObject([{ what: '?', result: null }]);
  const [damaged] = (await store.query('alertsOf', period, 9, null))!;
  expect(() => new Date(damaged!.opened_ms).toISOString()).not.toThrow();
  expect(damaged!.severity).toBe('info');
  expect(await store.query('sessionTotals', period, 9, null)).toEqual([]);
  expect(await store.query('topOfPeriod', period, 'peak_rss', 9, null)).toEqual([]);
  expect(rig.log.filter(line => line.includes('"level":50'))).toEqual([]);
});

it('an answer holds no more text than a client reads, the latest first', async () => {
  const rig = new Rig();
  const store = await rig.open();
  const targets = Array.from({ length: 100 }, (_, i) => process(i, { cmdline: 'x'.repeat(600) }));
  for (let id = 1; id <= 400; id++)
    void store.writeAction({ ...action(id, targets), evidence: 'y'.repeat(20_000) });
  expect(await store.flush(true)).toBe(true);
  const rows = (await store.query('actionsOf', DAY, 1000, null))!;
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.length).toBeLessThan(400);
  expect(rows[0]!.id).toBe(400);
  expect(JSON.stringify(rows).length).toBeLessThan(9 * 1024 * 1024);
});

describe('an action that a crash cut off', () => {
  it('is closed at the next start, and one that is under way at a second opening is not', async () => {
    const rig = new Rig();
    const first = await rig.open();
    await first.writeAction(action(1, []));
    // It never stops: that is a crash.
    const second = await rig.open();
    await second.flush();
    expect(rig.read('SELECT id, result FROM actions')).toEqual([
      { id: 1, result: 'interrupted: vigil ended before it did' },
    ]);
    expect(second.nextActionId()).toBe(2);
    await second.writeAction(action(2, []));
    await second.flush();
    expect(rig.read('SELECT result FROM actions WHERE id = 2')).toEqual([{ result: null }]);
  });
});

it('nobody drives what was done to others out of the audit', async () => {
  const rig = new Rig();
  const store = await rig.open();
  for (const by of ['vigil itself', 'uid 0', 'uid 1001'])
    for (let id = 1; id <= 3; id++)
      await store.writeAction({ ...action(10 * by.length + id, []), requested_by: by });
  await store.flush();
  const db = new Sqlite(rig.path);
  const insert = db.prepare(
    `INSERT INTO actions (id, time_ms, mode, requested_by, what, targets, evidence, before, after)
     VALUES (?, ?, 'ask', 'uid 1000', 'kill', '[]', 'null', 'null', 'null')`,
  );
  db.transaction(() => {
    for (let id = 200; id < 20_300; id++) insert.run(id, START_MS);
  })();
  db.close();
  await store.maintain();
  const rows = rig.read<{ by: string; n: number }>(
    'SELECT requested_by AS by, count(*) AS n, max(id) AS last FROM actions GROUP BY 1 ORDER BY 1',
  );
  expect(rows).toMatchObject([
    { by: 'uid 0', n: 3 },
    { by: 'uid 1000', n: 1_000, last: 20_299 },
    { by: 'uid 1001', n: 3 },
    { by: 'vigil itself', n: 3 },
  ]);
});
