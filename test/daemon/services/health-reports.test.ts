import { afterEach, expect, it, vi } from 'vitest';
import { HealthReports, type HealthReportsOptions } from '../../../src/daemon/services/health-reports.js';

afterEach(() => vi.restoreAllMocks());

/** Of a daemon that watches nothing and has nothing. */
function reports(): HealthReports {
  const options = {
    modules: { health: () => ({ problems: [], reports: {} }) },
    sensor: { health: () => ({ tier: 'procfs', tier_reason: 'none', programs: [] }) },
    monitor: { living: () => [] },
    helpers: { states: () => [] },
    host: { collectors: () => [] },
    alerts: { open: () => [] },
    actions: { state: () => ({}) },
    explainer: { state: () => ({}) },
    channels: { states: () => [] },
    configuration: { state: () => ({ problem: null }) },
    store: null,
    procRoot: '/proc',
    version: '0',
  };
  return new HealthReports(options as unknown as HealthReportsOptions);
}

it('the CPU in its health is what it used since it watches, without what loading it took', () => {
  let used_s = 3;
  vi.spyOn(process, 'cpuUsage').mockImplementation(() => ({ user: used_s * 1e6, system: 0 }));
  let passed_ms = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => passed_ms);
  const health = reports();
  passed_ms += 10_000;
  expect(health.report({ kind: 'all' }, 0).cpu_percent).toBe(0);
  used_s += 0.05;
  expect(health.report({ kind: 'all' }, 0).cpu_percent).toBe(0.5);
});
