import { expect, it } from 'vitest';
import type { WallClock } from '../../src/store/dates.js';
import type { Store } from '../../src/store/store.js';
import { alert, HOUR_MS, machine, process, START_MS } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

const DAY_MS = 24 * HOUR_MS;
/** A clock that nobody has set. */
const NEVER_SET_MS = Date.UTC(1979, 11, 31);
/** What it really is, at the start. */
const REALLY_MS = START_MS + 10 * DAY_MS;

/** A machine whose clock says something at the start, and may be set. vigil's own time begins with it. */
class SetMachine {
  kept = false;
  private ahead = 0;
  store!: Store;

  constructor(
    readonly rig: Rig,
    shown_ms: number,
  ) {
    rig.now_ms = shown_ms;
  }

  readonly wall: WallClock = { ahead_ms: () => this.ahead, isKept: () => this.kept };

  async start(): Promise<this> {
    this.store = await this.rig.open({ wall: this.wall });
    return this;
  }

  /** So many samples, 10 s apart, and with the first an alert, an action and a change of state. */
  async works(samples: number, id: number): Promise<void> {
    const { rig, store } = this;
    for (let tick = 0; tick < samples; tick++) {
      store.addSnapshot(machine(rig.now_ms, tick, { processes: 5 }));
      if (tick === 0) {
        store.putAlert(alert(id, { opened_ms: rig.now_ms, updated_ms: rig.now_ms }));
        store.addTransition(transition(rig.now_ms, 'WORKING'));
        const record = { id, time_ms: rig.now_ms, mode: 'ask', requested_by: 'uid 0', alert_id: id };
        const targets = [process(1)];
        const rest = { what: 'end', argv: null, evidence: 1, before: 1, after: null, result: null };
        await store.writeAction({ ...record, ...rest, targets });
      }
      rig.now_ms += 10_000;
    }
    await store.flush();
  }

  isSet(by_ms: number): void {
    this.ahead += by_ms;
  }

  dates(): number[] {
    return this.rig.read<{ t: number }>('SELECT time_ms AS t FROM host_samples ORDER BY 1').map(({ t }) => t);
  }

  /** Of alerts, actions and changes of states. */
  others(): number[] {
    const tables = [
      'opened_ms AS t FROM alerts',
      'time_ms AS t FROM actions',
      'time_ms AS t FROM transitions',
    ];
    const inJson = `json_extract(alert, '$.opened_ms') AS t FROM alerts`;
    return [...tables, inJson].flatMap(from =>
      this.rig.read<{ t: number }>(`SELECT ${from}`).map(({ t }) => t),
    );
  }
}

const every10s = (from_ms: number, count: number) =>
  Array.from({ length: count }, (_, i) => from_ms + i * 10_000);

it('what was written before the clock was set is dated as if it had been right, and nothing is deleted', async () => {
  const rig = new Rig();
  const before = await new SetMachine(rig, REALLY_MS - 12 * HOUR_MS).start();
  before.kept = true;
  await before.works(3, 1);
  await before.store.stop();
  const run = await new SetMachine(rig, NEVER_SET_MS).start();
  await run.works(5, 2);
  await run.store.maintain();
  // Not set yet: after the last that is known.
  expect(run.dates().slice(0, 3)).toEqual(every10s(REALLY_MS - 12 * HOUR_MS, 3));
  expect(run.dates()[3]!).toBeGreaterThan(REALLY_MS - 12 * HOUR_MS);
  run.isSet(REALLY_MS - NEVER_SET_MS);
  await run.works(5, 3);
  rig.now_ms += 2 * HOUR_MS;
  await run.store.maintain();
  expect(run.dates()).toEqual([...every10s(REALLY_MS - 12 * HOUR_MS, 3), ...every10s(REALLY_MS, 10)]);
  const others = [REALLY_MS - 12 * HOUR_MS, REALLY_MS, REALLY_MS + 50_000];
  expect(run.others()).toEqual([...others, ...others, ...others, ...others]);
  // Who asks gets them in vigil's own time, as it was counted all along.
  const alerts = await run.store.query('alertsOf', { from_ms: NEVER_SET_MS, to_ms: rig.now_ms }, 10, null);
  expect(alerts!.map(({ opened_ms }) => opened_ms)).toContain(NEVER_SET_MS);
  const actions = await run.store.query('actionsOf', { from_ms: 0, to_ms: rig.now_ms }, 10, null);
  expect(actions).toHaveLength(3);
});

it('a clock that was ahead, and is set back, the same', async () => {
  const rig = new Rig();
  const run = await new SetMachine(rig, REALLY_MS + 3 * HOUR_MS).start();
  await run.works(5, 1);
  run.isSet(-3 * HOUR_MS);
  await run.works(5, 2);
  expect(run.dates()).toEqual(every10s(REALLY_MS, 10));
  expect(rig.read('SELECT last_ms FROM sessions WHERE started_ms > last_ms')).toEqual([]);
});

it('a correction is no step', async () => {
  const rig = new Rig();
  const run = await new SetMachine(rig, REALLY_MS).start();
  await run.works(5, 1);
  run.isSet(300);
  await run.works(5, 2);
  expect(run.dates()).toEqual(every10s(REALLY_MS, 10));
});

it('a clock that was right and leaps, as after a pause of the machine, leaves what was written as it is', async () => {
  const rig = new Rig();
  const run = new SetMachine(rig, REALLY_MS);
  run.kept = true;
  await run.start();
  await run.works(3, 1);
  run.isSet(8 * HOUR_MS);
  await run.works(3, 2);
  const opened_ms = REALLY_MS;
  run.store.putAlert(
    alert(1, { opened_ms, updated_ms: rig.now_ms, resolved_ms: rig.now_ms, status: 'resolved' }),
  );
  await run.store.flush();
  expect(run.dates()).toEqual([...every10s(REALLY_MS, 3), ...every10s(REALLY_MS + 8 * HOUR_MS + 30_000, 3)]);
  const alerts = rig.read('SELECT opened_ms, resolved_ms FROM alerts WHERE id = 1');
  expect(alerts).toEqual([{ opened_ms: REALLY_MS, resolved_ms: REALLY_MS + 8 * HOUR_MS + 60_000 }]);
});

it('by a clock that says 2099 nothing is deleted, unless something keeps it', async () => {
  const rig = new Rig();
  const before = await new SetMachine(rig, REALLY_MS).start();
  await before.works(3, 1);
  await before.store.stop();
  const run = await new SetMachine(rig, Date.UTC(2099, 0, 1)).start();
  rig.now_ms += DAY_MS;
  await run.store.maintain();
  expect(rig.count('host_samples')).toBe(3);
  run.kept = true;
  await run.store.maintain();
  expect(rig.count('host_samples')).toBe(0);
});
