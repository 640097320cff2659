import { expect, test } from 'vitest';
import { z } from 'zod';
import { RULES } from '../../src/rules/checks/index.js';
import { rulesSections } from '../../src/rules/config.js';
import { RuleEngine } from '../../src/rules/engine/engine.js';
import { level } from '../../src/rules/engine/level.js';
import { levelRule } from '../../src/rules/engine/level-rule.js';
import { percent } from '../../src/rules/engine/settings.js';
import { hostSubject } from '../../src/rules/wording/subjects.js';
import { brief, Machine } from './machine.js';

/** All that a new rule needs, besides its line in the list. */
const cpuBusy = levelRule({
  id: 'cpu_busy',
  about: 'CPU in use.',
  duration_s: 20,
  thresholds: {
    cpu_busy_percent: percent(80, 'CPU in use from which there is a warning.'),
    cpu_busy_high_percent: percent(95, 'CPU in use that is high.'),
  },
  ascending: ['cpu_busy_percent', 'cpu_busy_high_percent'],
  figures: ({ cpu_busy_percent: warning }) => ({
    fires: `≥ ${warning} % of the CPU is in use`,
    ends: 'below',
    severity: 'warning / high',
  }),
  measure(history, { cpu_busy_percent: warning, cpu_busy_high_percent: high }) {
    const busy_percent = history.snapshot.host.cpu?.busy_percent ?? null;
    if (busy_percent === null) return null;
    return [
      {
        key: 'host',
        level: level(busy_percent, { warning, high }),
        describe: threshold_percent => ({
          subject: hostSubject(),
          title: 'The CPU is busy',
          text: `${busy_percent} % (threshold ${threshold_percent} %).`,
          suggestion: null,
          numbers: { busy_percent, threshold_percent },
        }),
      },
    ];
  },
});

const rules = [...RULES, cpuBusy] as const;
const schema = z.strictObject(rulesSections(rules));

test('a rule brings its keys into the configuration and reads them there', () => {
  const machine = new Machine();
  let id = 0;
  const engine = new RuleEngine({
    rules,
    config: schema.parse({
      thresholds: { cpu_busy_percent: 50 },
      detection: { cpu_busy: { duration_s: 10 } },
    }),
    interval_ms: 10_000,
    self_pid: 2,
    nextId: () => ++id,
    onRuleError: (rule, error) => {
      throw new Error(`${rule}: ${error}`);
    },
  });
  machine.host = { ...machine.host, cpu: { ...machine.host.cpu!, busy_percent: 60 } };
  const changes = Array.from({ length: 2 }, () => {
    machine.now_ms += 10_000;
    return engine.evaluate(machine.snapshot());
  });
  expect(changes.map(brief)).toEqual([[], ['opened cpu_busy warning']]);
});

test('its thresholds are held in order', () => {
  const { success, error } = schema.safeParse({ thresholds: { cpu_busy_percent: 96 } });
  expect(success).toBe(false);
  expect(error!.issues).toMatchObject([
    { path: ['thresholds', 'cpu_busy_percent'], message: 'must not be above cpu_busy_high_percent (95)' },
  ]);
});

test('two rules cannot have the same threshold', () => {
  expect(() => rulesSections([cpuBusy, { ...cpuBusy, id: 'twin' }])).toThrow('thresholds.cpu_busy_percent');
});
