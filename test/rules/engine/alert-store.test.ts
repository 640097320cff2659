import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AlertChange, Severity } from '../../../src/model/alert.js';
import { AlertStore } from '../../../src/rules/engine/alert-store.js';
import type { Finding } from '../../../src/rules/engine/rule.js';

function finding(changes: Partial<Finding> = {}): Finding {
  const severity = changes.severity === undefined ? 'warning' : changes.severity;
  return {
    rule: 'ram',
    key: 'ram:host',
    severity,
    holds: severity !== null,
    for_ms: 30_000,
    clear_ms: 30_000,
    subject: { kind: 'host', name: 'this machine', uid: null, processes: [], session: null, lineage: null },
    title: 'Memory is nearly used up',
    text: '',
    suggestion: null,
    numbers: {},
    ...changes,
  };
}

class Told {
  readonly alerts: AlertStore;
  now_ms = 1_000_000;
  private id = 0;

  constructor(max_open = 200) {
    this.alerts = new AlertStore({ nextId: () => ++this.id, gap_ms: 45_000, max_open });
  }

  /** One round after so many seconds. */
  round(after_s: number, ...findings: Finding[]): AlertChange[] {
    this.now_ms += after_s * 1000;
    return this.alerts.apply(this.now_ms, findings);
  }

  rounds(seconds: number, finding: Finding | null): string[] {
    const changes: string[] = [];
    for (let s = 0; s < seconds; s += 10) {
      changes.push(...brief(this.round(10, ...(finding === null ? [] : [finding]))));
    }
    return changes;
  }
}

function brief(changes: readonly AlertChange[]): string[] {
  return changes.map(
    ({ type, alert, quiet }) => `${type.slice(6)} ${alert.id} ${alert.severity}${quiet ? ' quiet' : ''}`,
  );
}

function process(pid: number) {
  return { pid, start_ticks: pid, uid: 1000, comm: 'yes', cmdline: 'yes' };
}

test('opens after its time, closes after its time, each said once', () => {
  const told = new Told();
  expect(told.rounds(30, finding())).toEqual([]);
  expect(told.rounds(300, finding())).toEqual(['opened 1 warning']);
  expect(told.alerts.open).toHaveLength(1);
  expect(told.rounds(30, null)).toEqual([]);
  expect(told.rounds(300, null)).toEqual(['resolved 1 warning']);
  expect(told.alerts.open).toEqual([]);
});

test('time is measured, not samples counted', () => {
  const told = new Told();
  const changes: string[] = [];
  for (let s = 0; s <= 40; s += 2) changes.push(...brief(told.round(2, finding())).map(() => `${s} s`));
  expect(changes).toEqual(['30 s']);
});

test('a gap does not count as having lasted, neither for opening nor for closing', () => {
  const told = new Told();
  told.rounds(20, finding());
  expect(told.round(3600, finding())).toEqual([]);
  expect(told.rounds(20, finding())).toEqual([]);
  expect(told.rounds(10, finding())).toEqual(['opened 1 warning']);
  told.round(10);
  expect(told.round(3600)).toEqual([]);
  expect(told.rounds(30, null)).toEqual(['resolved 1 warning']);
});

test('time stands still between the edges, and begins anew below them', () => {
  const told = new Told();
  told.rounds(30, finding());
  expect(told.rounds(600, finding({ severity: null, holds: true }))).toEqual([]);
  expect(told.rounds(20, finding())).toEqual(['opened 1 warning']);
  const other = new Told();
  other.rounds(30, finding());
  other.round(10);
  expect(other.rounds(30, finding())).toEqual([]);
});

test('between the edges an open alert stays open', () => {
  const told = new Told();
  told.rounds(60, finding());
  expect(told.rounds(600, finding({ severity: null, holds: true }))).toEqual([]);
  expect(told.alerts.open).toHaveLength(1);
});

test('worse is said soon, milder later, back and forth not at all', () => {
  const told = new Told();
  told.rounds(60, finding());
  expect(told.rounds(60, finding({ severity: 'critical' }))).toEqual(['updated 1 critical']);
  expect(told.rounds(50, finding())).toEqual([]);
  expect(told.rounds(20, finding({ severity: 'critical' }))).toEqual([]);
  expect(told.rounds(200, finding())).toEqual(['updated 1 warning']);
});

test('what comes back within ten minutes is opened quietly, later loudly', () => {
  const told = new Told();
  told.rounds(60, finding());
  told.rounds(60, null);
  expect(told.rounds(60, finding())).toEqual(['opened 2 warning quiet']);
  told.rounds(60, null);
  told.rounds(700, null);
  expect(told.rounds(60, finding())).toEqual(['opened 3 warning']);
});

test('a subject that grows by half is said again, a little more is not', () => {
  const told = new Told();
  const of = (count: number) => {
    const processes = Array.from({ length: count }, (_, pid) => process(pid));
    return finding({ subject: { ...finding().subject, kind: 'processes', processes } });
  };
  told.rounds(60, of(10));
  expect(told.rounds(60, of(13))).toEqual([]);
  expect(told.rounds(60, of(15))).toEqual(['updated 1 warning']);
  expect(told.rounds(60, of(5))).toEqual([]);
});

test('texts and figures of an open alert are the present ones, without a word', () => {
  const told = new Told();
  told.rounds(60, finding({ text: 'old' }));
  expect(told.round(10, finding({ text: 'new', numbers: { used_percent: 81 } }))).toEqual([]);
  expect(told.alerts.open[0]).toMatchObject({ text: 'new', numbers: { used_percent: 81 } });
});

test('an event opens at once', () => {
  expect(brief(new Told().round(10, finding({ for_ms: 0 })))).toEqual(['opened 1 warning']);
});

test('alerts of the run before go on, and those without their trouble end', () => {
  const before = new Told();
  before.round(10, finding({ for_ms: 0 }), finding({ for_ms: 0, key: 'ram:other' }));
  const after = new Told();
  after.alerts.restore(before.alerts.open, after.now_ms);
  expect(after.rounds(110, finding())).toEqual([]);
  expect(after.rounds(600, finding())).toEqual(['resolved 2 warning']);
  expect(after.alerts.open.map(alert => alert.id)).toEqual([1]);
});

test('the room is bounded, and kept for what is worse', () => {
  const told = new Told(20);
  const many = Array.from({ length: 50 }, (_, i) => finding({ key: `mild:${i}`, for_ms: 0 }));
  expect(told.round(10, ...many)).toHaveLength(15);
  const bad = Array.from({ length: 50 }, (_, i) => finding({ key: `bad:${i}`, for_ms: 0, severity: 'high' }));
  expect(told.round(10, ...many, ...bad)).toHaveLength(5);
});

test('the alerts of users leave room for the machine’s, and those of one user for other users', () => {
  const told = new Told(200);
  const of = (uid: number | null, count: number, changes: Partial<Finding> = {}) =>
    Array.from({ length: count }, (_, i) =>
      finding({ key: `${uid}:${i}`, for_ms: 0, subject: { ...finding().subject, uid }, ...changes }),
    );
  const opened = (uid: number) => told.alerts.open.filter(({ subject }) => subject.uid === uid).length;
  const floods = [1001, 1002, 1003].flatMap(uid => of(uid, 300, { severity: 'critical' }));
  told.round(10, ...floods);
  expect(opened(1001)).toBe(50);
  expect(opened(1002)).toBe(50);
  const machine = of(null, 10);
  expect(told.round(10, ...floods, ...machine)).toHaveLength(10);
  // Root's are the machine's, too.
  expect(told.round(10, ...floods, ...machine, ...of(0, 10))).toHaveLength(10);
});

const about = (key: string, pids: number[], changes: Partial<Finding> = {}, uid = 1000): Finding =>
  finding({
    key,
    for_ms: 0,
    subject: { ...finding().subject, kind: 'processes', uid, processes: pids.map(process) },
    ...changes,
  });

test('an alert goes on when more is known of its processes and they get another key, also after a restart', () => {
  const told = new Told();
  expect(brief(told.round(10, about('a', [1, 2])))).toEqual(['opened 1 warning']);
  expect(told.round(10, about('b', [2, 3], { title: 'of a session' }))).toEqual([]);
  expect(told.alerts.open).toMatchObject([{ id: 1, key: 'b', title: 'of a session' }]);
  // What was known by the old key may come again: that is another one.
  expect(brief(told.round(10, about('a', [9]), about('b', [2, 3])))).toEqual(['opened 2 warning']);
  const after = new Told();
  after.alerts.restore(told.alerts.open, after.now_ms);
  expect(after.rounds(300, about('c', [3]))).toEqual(['resolved 2 warning']);
  expect(after.rounds(60, null)).toEqual(['resolved 1 warning']);
});

test('it does not go on as one of another rule, of another user, of other processes, or of what is told already', () => {
  const others: Finding[][] = [
    [about('b', [1], { rule: 'swap' })],
    [about('b', [1], {}, 1001)],
    [about('b', [2])],
    [about('a', [1]), about('b', [1])],
  ];
  for (const round of others) {
    const told = new Told();
    told.round(10, about('a', [1]));
    expect(brief(told.round(10, ...round))).toEqual(['opened 2 warning']);
    expect(told.alerts.open.map(({ id, key }) => [id, key])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  }
});

test('one that is split goes on once', () => {
  const told = new Told();
  told.round(10, about('a', [1, 2]));
  expect(brief(told.round(10, about('b', [1]), about('c', [2])))).toEqual(['opened 2 warning']);
  expect(told.alerts.open.map(({ id, key }) => [id, key])).toEqual([
    [1, 'b'],
    [2, 'c'],
  ]);
});

test('withdrawn alerts end at once', () => {
  const told = new Told();
  told.rounds(60, finding());
  expect(brief(told.alerts.withdraw(told.now_ms, () => true))).toEqual(['resolved 1 warning']);
});

test('of one trouble one alert speaks, also after a restart, and the milder one when it is over', () => {
  const told = new Told();
  const mild = finding({ key: 'mild', for_ms: 0 });
  const grave = finding({ key: 'grave', severity: 'high', instead_of: ['mild'] });
  expect(told.rounds(20, mild)).toEqual(['opened 1 warning']);
  // Until it has lasted, nothing is over.
  expect(brief(told.round(10, mild, grave))).toEqual([]);
  expect(brief(told.round(30, mild, grave))).toEqual(['opened 2 high', 'resolved 1 warning']);
  // Gone, or of another mind for a moment.
  expect(brief(told.round(10, mild))).toEqual([]);
  const after = new Told();
  after.alerts.restore(told.alerts.open, after.now_ms);
  expect(
    brief(
      after.round(10, mild, finding({ key: 'grave', severity: null, holds: true, instead_of: ['mild'] })),
    ),
  ).toEqual([]);
  expect(after.rounds(30, mild)).toEqual([]);
  expect(after.rounds(20, mild)).toEqual(['resolved 2 high', 'opened 1 warning']);
});

test('whatever comes: an id is opened once, resolved at most once, and silent after that', () => {
  const severity = fc.constantFrom<(Severity | null)[]>(null, 'info', 'warning', 'high', 'critical');
  const round = fc.record({
    after_s: fc.constantFrom(1, 2, 10, 30, 100, 700),
    findings: fc.uniqueArray(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        severity,
        holds: fc.boolean(),
        for_ms: fc.constantFrom(0, 5_000, 30_000),
        clear_ms: fc.constantFrom(0, 10_000, 30_000),
        count: fc.integer({ min: 0, max: 40 }),
        instead_of: fc.subarray(['a', 'b', 'c']),
      }),
      { selector: value => value.key },
    ),
    withdraw: fc.option(fc.constantFrom('a', 'b', 'c')),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 80 }), rounds => {
      const told = new Told(4);
      const status = new Map<number, 'open' | 'resolved'>();
      for (const { after_s, findings, withdraw } of rounds) {
        const all = findings.map(({ count, ...rest }) =>
          finding({
            ...rest,
            // Milder ones are no storms themselves.
            instead_of: rest.key > 'c' ? rest.instead_of : [],
            holds: rest.holds || rest.severity !== null,
            subject: {
              ...finding().subject,
              processes: Array.from({ length: count }, (_, pid) => process(pid)),
            },
          }),
        );
        const changes = told.round(after_s, ...all);
        if (withdraw !== null)
          changes.push(...told.alerts.withdraw(told.now_ms, alert => alert.key === withdraw));
        for (const { type, alert, time_ms } of changes) {
          expect(time_ms).toBe(told.now_ms);
          if (type === 'alert_opened') {
            expect(status.has(alert.id)).toBe(false);
          } else expect(status.get(alert.id)).toBe('open');
          expect(alert.status).toBe(type === 'alert_resolved' ? 'resolved' : 'open');
          status.set(alert.id, alert.status);
        }
        const { open } = told.alerts;
        expect(open.length).toBeLessThanOrEqual(4);
        expect(open.map(({ id }) => id)).toEqual(
          [...status].flatMap(([id, now]) => (now === 'open' ? [id] : [])).sort((a, b) => a - b),
        );
        // One alert for each key.
        expect(new Set(open.map(({ key }) => key)).size).toBe(open.length);
      }
    }),
    { numRuns: 300 },
  );
});
