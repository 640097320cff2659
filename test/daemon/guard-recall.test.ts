import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Alert } from '../../src/alerts/alert.js';
import { configSchema } from '../../src/config/schema.js';
import { Guard } from '../../src/daemon/guard.js';
import { silentLogger } from '../../src/log/logger.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { now } from '../../src/time.js';

/** What the run before left in the history, and what becomes of it in this one. */

let dir: string;
let store: Store;
const guards: Guard[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-recall-'));
  store = await openStore({
    directory: dir,
    logger: silentLogger(),
    now,
    retention_hours: 168,
    snapshot_interval_s: 10,
    max_bytes: 64_000_000,
    thread: false,
  });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const guard of guards.splice(0)) await guard.stop();
  await store.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Memory is always nearly used up on this machine. */
const config = configSchema.parse({ thresholds: { ram_warn_percent: 1, ram_critical_percent: 100 } });

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

function watch() {
  const again: number[] = [];
  const changes: string[] = [];
  const guard = new Guard({
    config,
    logger: silentLogger(),
    roots: { proc: '/proc', sys: '/sys' },
    store,
    sessions: () => [],
    isShared: () => false,
    onSnapshot: () => {},
    onChanges: list => changes.push(...list.map(({ type, alert }) => `${type} ${alert.id} ${alert.rule}`)),
    onFoundAgain: alerts => again.push(...alerts.map(({ id }) => id)),
  });
  guards.push(guard);
  return { guard, again, changes };
}

it('trouble that is still there is handed on once; what nobody has seen since is not', async () => {
  store.putAlert(open(7, 'ram', 'host'));
  store.putAlert(open(8, 'disk_full_soon', '/nowhere'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { guard, again, changes } = watch();
  await guard.start();
  expect(again).toEqual([7]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(again).toEqual([7]);
  expect(guard.open().map(({ id }) => id)).toEqual([7, 8]);
  expect(changes).toEqual([]);
});
