import { afterEach, expect, it, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { Guard } from '../../src/daemon/guard.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import { now } from '../../src/lib/time/time.js';

let guard: Guard;
afterEach(() => guard.stop());

it('who was killed for want of memory is told of soon, however rarely the machine is looked at', async () => {
  const told: string[] = [];
  guard = new Guard({
    config: configSchema.parse({ sampling: { sample_interval_normal_s: 300 } }),
    logger: silentLogger(),
    roots: { proc: '/proc', sys: '/sys' },
    store: null,
    sessions: () => [],
    isShared: () => false,
    onSnapshot: () => {},
    onChanges: changes => told.push(...changes.map(({ type, alert }) => `${type} ${alert.rule}`)),
    onRestored: () => {},
    onFoundAgain: () => {},
  });
  await guard.start();
  guard.hear({ type: 'oom', time_ms: now(), pid: 4_000_000 }, undefined);
  await vi.waitFor(() => expect(told).toContain('alert_opened oom_kill'), { timeout: 25_000 });
});
