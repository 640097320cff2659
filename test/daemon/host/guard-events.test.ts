import { afterEach, expect, it, vi } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { EventBacklog } from '../../../src/daemon/host/event-backlog.js';
import { now } from '../../../src/lib/time/time.js';
import type { MachineEvent } from '../../../src/model/snapshot.js';
import { CollectorDriver } from '../../../src/sources/host/driver.js';
import { ProcessTable } from '../../../src/sources/procfs/table.js';
import { WatchedHost } from '../watched-host.js';

let guard: WatchedHost | null = null;
afterEach(async () => {
  await guard?.stop();
  vi.restoreAllMocks();
});

const failure = (unit: string, uid: number | null = null): MachineEvent => ({
  type: 'unit_failed',
  time_ms: now(),
  unit,
  uid,
  result: 'exit-code',
});

it('what happened while the processes could not be listed is told all the same', async () => {
  const told: string[] = [];
  guard = new WatchedHost(
    configSchema.parse({
      sampling: { sample_interval_normal_s: 0.5, sample_interval_alert_s: 0.5 },
      detection: { unit_failing: { failures: 1 } },
    }),
  );
  guard.onChange(({ alert }) => told.push(`${alert.rule} ${alert.subject.name}`));
  const { round } = CollectorDriver.prototype;
  vi.spyOn(CollectorDriver.prototype, 'round').mockImplementationOnce(function (
    this: CollectorDriver,
    now_ms,
  ) {
    return { ...round.call(this, now_ms), events: [failure('db.service')] };
  });
  vi.spyOn(ProcessTable.prototype, 'sampleAside').mockImplementationOnce(async () => {
    throw new Error('EMFILE: too many open files');
  });
  await guard.start();
  expect(told).toEqual([]);
  await vi.waitFor(() => expect(told).toContain('unit_failing db.service'), { timeout: 25_000 });
});

it('what waits is bounded, one user’s share is, and the machine’s own has room left', () => {
  const backlog = new EventBacklog();
  backlog.add(Array.from({ length: 5_000 }, (_, i) => failure(`u${i}.service`, 1000)));
  backlog.add([failure('db.service')]);
  expect(backlog.waiting.length).toBeLessThan(300);
  expect(backlog.waiting.at(-1)).toMatchObject({ unit: 'db.service' });
  expect(backlog.leftOut).toBe(5_001 - backlog.waiting.length);
  backlog.taken(backlog.waiting);
  expect(backlog.waiting).toEqual([]);
});
