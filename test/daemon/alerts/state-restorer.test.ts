import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Config, configSchema } from '../../../src/config/schema.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { now } from '../../../src/lib/time/time.js';
import type { Alert } from '../../../src/model/alert.js';
import { HOST_FIGURES } from '../../../src/sources/host/index.js';
import { openStore } from '../../../src/store/open.js';
import type { Store } from '../../../src/store/store.js';
import { WatchedHost } from '../watched-host.js';

/** What the run before left in the history, and what becomes of it in this one. */

let dir: string;
let store: Store;
/** Whether the history cannot be read. */
let hangs: boolean;
const guards: WatchedHost[] = [];

beforeEach(async () => {
  hangs = false;
  dir = mkdtempSync(join(tmpdir(), 'vigil-recall-'));
  store = await openStore({
    directory: dir,
    logger: silentLogger(),
    now,
    retention_hours: 168,
    snapshot_interval_s: 10,
    max_bytes: 64_000_000,
    figures: HOST_FIGURES,
    thread: false,
  });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const guard of guards.splice(0)) await guard.stop();
  await store.stop();
  rmSync(dir, { recursive: true, force: true });
});

const calm = configSchema.parse({});
/** Memory is always nearly used up on this machine. */
const full = configSchema.parse({
  thresholds: { ram_warn_percent: 1, ram_critical_percent: 100 },
  detection: { ram: { duration_s: 0 } },
});

function open(id: number, rule: string, subject: string): Alert {
  return {
    id,
    rule,
    key: `${rule}:${subject}`,
    status: 'open',
    severity: 'warning',
    title: `${rule} of the run before`,
    text: '',
    suggestion: null,
    subject: { kind: 'host', name: 'this machine', uid: null, processes: [], session: null, lineage: null },
    numbers: {},
    opened_ms: now() - 600_000,
    updated_ms: now() - 600_000,
    resolved_ms: null,
  };
}

/** A history that cannot be read while `hangs`, and whose ids begin anew until it was. */
function slow(): Store {
  let ids = 0;
  return new Proxy(store, {
    get(target, name) {
      if (name === 'query' && hangs) return () => Promise.resolve(null);
      if (name === 'whitelist' && hangs) return () => [];
      if (name === 'nextAlertId' && hangs) return () => ++ids;
      const value = target[name as keyof Store] as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function watch(config: Config) {
  const again: number[] = [];
  const restored: number[][] = [];
  const changes: string[] = [];
  const guard = new WatchedHost(config, slow());
  guard.onChange(({ type, alert }) => changes.push(`${type} ${alert.id} ${alert.rule}`));
  guard.bus.on('test', 'alert.restored', alerts => restored.push(alerts.map(({ id }) => id)));
  guard.bus.on('test', 'alert.found_again', ({ id }) => again.push(id));
  guards.push(guard);
  return { guard, again, restored, changes };
}

it('trouble that is still there is handed on once; what nobody has seen since is not', async () => {
  store.putAlert(open(7, 'ram', 'host'));
  store.putAlert(open(8, 'disk_full_soon', '/nowhere'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { guard, again, changes } = watch(full);
  await guard.start();
  expect(again).toEqual([7]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(again).toEqual([7]);
  expect(guard.alerts.open().map(({ id }) => id)).toEqual([7, 8]);
  expect(changes).toEqual([]);
});

/** A month of work days at each hour, as it was learned by the run before. */
function learned(): void {
  for (let hour = 0; hour < 24; hour++) store.saveBaseline('ram_percent', hour, [840, 40, 9_000, 30, 20_000]);
}

async function counts(): Promise<number[]> {
  const cells = (await store.query('baselines')) ?? [];
  return cells.filter(({ key }) => key === 'ram_percent').map(({ state }) => (state as number[])[0]!);
}

describe('a history that opens slowly', () => {
  it('is read when it can be: its alerts go on, its whitelist counts, its baseline is kept', async () => {
    store.putAlert(open(70, 'disk_full_soon', '/nowhere'));
    store.addToWhitelist({ pattern: 'someone', match_type: 'name', reason: null });
    learned();
    hangs = true;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { guard, restored } = watch(calm);
    await guard.start();
    await vi.advanceTimersByTimeAsync(25_000);
    expect([guard.alerts.open().length, guard.whitelist.list().length, restored.length]).toEqual([0, 0, 0]);
    hangs = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(guard.alerts.open()).toMatchObject([{ id: 70, title: 'disk_full_soon of the run before' }]);
    expect(guard.whitelist.list()).toMatchObject([{ pattern: 'someone' }]);
    expect(restored).toEqual([[70]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(restored).toHaveLength(1);
    await guard.stop();
    await store.flush();
    expect((await counts()).every(count => count >= 840)).toBe(true);
  });

  it('that never does keeps what it has', async () => {
    learned();
    await store.flush();
    hangs = true;
    const { guard } = watch(calm);
    await guard.start();
    await guard.stop();
    expect((await counts()).every(count => count === 840)).toBe(true);
  });

  it('has one alert of what was told anew meanwhile, and none that has the number of another', async () => {
    store.putAlert(open(70, 'ram', 'host'));
    store.putAlert(open(1, 'disk_full_soon', '/nowhere'));
    store.putAlert(open(71, 'disk_full_soon', '/elsewhere'));
    hangs = true;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { guard, changes } = watch(full);
    await guard.start();
    for (let looks = 0; changes.length === 0 && looks < 20; looks++)
      await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toEqual(['alert_opened 1 ram']);
    hangs = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(guard.alerts.open().map(({ id, key }) => `${id} ${key}`)).toEqual([
      '1 ram:host',
      '71 disk_full_soon:/elsewhere',
    ]);
    const there = (await store.query('openAlerts')) ?? [];
    expect(there.map(({ id, key }) => `${id} ${key}`).sort()).toEqual([
      '1 ram:host',
      '71 disk_full_soon:/elsewhere',
    ]);
    // Nobody was told of those before: nobody is told of their end.
    expect(changes).toEqual(['alert_opened 1 ram']);
  });
});
