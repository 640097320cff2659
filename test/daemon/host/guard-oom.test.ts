import { afterEach, expect, it, vi } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { now } from '../../../src/lib/time/time.js';
import { WatchedHost } from '../watched-host.js';

let guard: WatchedHost;
afterEach(() => guard.stop());

it('who was killed for want of memory is told of soon, however rarely the machine is looked at', async () => {
  const told: string[] = [];
  guard = new WatchedHost(configSchema.parse({ sampling: { sample_interval_normal_s: 300 } }));
  guard.onChange(({ type, alert }) => told.push(`${type} ${alert.rule}`));
  await guard.start();
  guard.bus.emit('kernel.event', { type: 'oom', time_ms: now(), pid: 4_000_000 });
  await vi.waitFor(() => expect(told).toContain('alert_opened oom_kill'), { timeout: 25_000 });
});
