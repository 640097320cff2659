import { afterEach, expect, it, vi } from 'vitest';
import { View, type ViewOptions } from '../../src/daemon/view.js';
import { Users } from '../../src/lib/os/users.js';

afterEach(() => vi.restoreAllMocks());

/** A daemon that watches nothing and has nothing. */
function emptyView(): View {
  const health = { tier: 'procfs', tier_reason: 'none', programs: [] };
  const options = {
    monitor: { living: () => [] },
    bus: { on: () => () => {} },
    modules: { health: () => ({ problems: [], reports: {} }) },
    host: { collectors: () => [], isPaused: false },
    alerts: { open: () => [] },
    channels: { states: () => [] },
    explainer: { state: () => ({}) },
    actions: { state: () => ({}) },
    configuration: { state: () => ({ problem: null }) },
    helpers: { states: () => [], unseen: () => 0 },
    sensor: { health: () => health },
    store: null,
    users: new Users(),
    procRoot: '/proc',
    version: '0',
  };
  return new View(options as unknown as ViewOptions);
}

it('the CPU in its health is what it used since it watches, without what loading it took', () => {
  let used_s = 3;
  vi.spyOn(process, 'cpuUsage').mockImplementation(() => ({ user: used_s * 1e6, system: 0 }));
  let passed_ms = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => passed_ms);
  const view = emptyView();
  passed_ms += 10_000;
  expect(view.health({ kind: 'all' }).cpu_percent).toBe(0);
  used_s += 0.05;
  expect(view.health({ kind: 'all' }).cpu_percent).toBe(0.5);
});
