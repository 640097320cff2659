import { describe, expect, test } from 'vitest';
import { Series } from '../../../src/rules/statistics/series.js';
import { brief, Machine, MB, memory, rulesConfig } from '../machine.js';

/** Another configuration while alerts are open. */

const configure = (machine: Machine, settings: Record<string, unknown>, interval_ms = 10_000) =>
  machine.engine.configure(rulesConfig(settings), interval_ms, machine.now_ms);

describe('another configuration', () => {
  test('leaves open alerts as they are, and says none twice', () => {
    const machine = new Machine();
    machine.host = { ...machine.host, memory: memory(95) };
    machine.pass(60);
    expect(brief(machine.said)).toEqual(['opened ram critical']);
    for (const min of [10, 11, 12]) {
      expect(configure(machine, { thresholds: { disk_min_free_percent: min } }, 5_000)).toEqual([]);
      machine.pass(60);
    }
    expect(brief(machine.said)).toEqual(['opened ram critical']);
    expect(machine.engine.alerts.open).toHaveLength(1);
  });

  test('judges from the next look on', () => {
    const machine = new Machine();
    machine.host = { ...machine.host, memory: memory(70) };
    machine.pass(60);
    configure(machine, { thresholds: { ram_warn_percent: 50 } });
    machine.pass(60);
    expect(brief(machine.said)).toEqual(['opened ram warning']);
    configure(machine, { detection: { ram: { enabled: false } } });
    machine.pass(120);
    expect(brief(machine.said)).toEqual(['opened ram warning', 'resolved ram warning']);
  });

  test('with another allowlist ends what is on it now, at once, and keeps what was added at run time', () => {
    const machine = new Machine();
    machine.add({ comm: 'yes', cmdline: 'yes', cpu_percent: 100, state: 'R' });
    machine.pass(120);
    expect(brief(machine.said)).toEqual(['opened cpu_high warning']);
    const kept = machine.add({ comm: 'other', cmdline: 'other', cpu_percent: 100, state: 'R' });
    machine.engine.whitelist.use([
      { id: 1, pattern: 'other', match_type: 'name', reason: '', created_ms: 0 },
    ]);
    expect(brief(configure(machine, { allowlist: { ignore_commands: ['yes'] } }))).toEqual([
      'resolved cpu_high warning',
    ]);
    expect(machine.engine.whitelist.matches([kept])).toEqual([true]);
    machine.pass(120);
    configure(machine, {});
    machine.pass(120);
    expect(machine.said.filter(({ type }) => type === 'alert_opened')).toHaveLength(2);
  });

  test('with another window forgets nothing of what was seen', () => {
    const machine = new Machine();
    const leak = machine.add({ comm: 'leaky', cmdline: 'leaky', anon_bytes: 100 * MB });
    const grow = (ms: number) => {
      for (let t = 0; t < ms; t += 10_000) {
        leak.anon_bytes! += 40 * MB;
        leak.rss_bytes = leak.anon_bytes! + 5 * MB;
        machine.pass(10);
      }
    };
    grow(170_000);
    expect(brief(machine.said)).toEqual([]);
    // A window that is full already: what was seen before counts.
    configure(machine, { detection: { memory_leak: { window_minutes: 2.5, growth_threshold_mb: 300 } } });
    grow(20_000);
    expect(brief(machine.said)[0]).toMatch(/^opened memory_leak/);
  });
});

test('a series for another spacing has the values that fit it', () => {
  const series = new Series(4, 10);
  for (const t of [0, 10, 20, 30, 40]) series.add(t, t * 2);
  expect(series.respaced(10)).toBe(series);
  expect(series.respaced(20).since(0)).toEqual({ times_ms: [10, 30], values: [20, 60] });
  expect(series.respaced(5).since(0)).toEqual(series.since(0));
});
