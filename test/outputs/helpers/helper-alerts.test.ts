import { expect, it } from 'vitest';
import type { Alert } from '../../../src/model/alert.js';
import { MAX_ALERTS, toHelperSchema } from '../../../src/outputs/desktop/protocol.js';
import { alertsFor } from '../../../src/outputs/helpers/helper-alerts.js';

let last = 0;
function alert(uid: number | null, over: Partial<Alert> = {}): Alert {
  const id = ++last;
  return {
    id,
    rule: 'memory_leak',
    key: `memory_leak ${id}`,
    status: 'open',
    severity: 'high',
    title: 'a title',
    text: 'a text',
    suggestion: null,
    subject: { kind: 'process', name: 'node (pid 1)', uid, processes: [], session: null, lineage: null },
    numbers: {},
    opened_ms: 1,
    updated_ms: 2,
    resolved_ms: null,
    ...over,
  };
}

it('a user is told of their own alerts and of the machine’s, nobody else’s', () => {
  const [own, machine, other] = [alert(1000), alert(null), alert(1001)];
  const told = alertsFor(1000, [own, machine, other]).map(({ id }) => id);
  expect(told.sort()).toEqual([own.id, machine.id]);
});

it('of too many the open, the worst and the newest are told, and no text is too long for a helper', () => {
  const mild = Array.from({ length: 300 }, () => alert(1000, { severity: 'warning' }));
  const over = alert(1000, { severity: 'critical', status: 'resolved' });
  const long = { title: 'x'.repeat(9_000), text: 'y'.repeat(9_000), suggestion: 'z'.repeat(9_000) };
  const worst = alert(null, { severity: 'critical', ...long });
  const alerts = alertsFor(1000, [over, ...mild, worst]);
  expect(alerts).toHaveLength(MAX_ALERTS);
  expect(alerts.slice(0, 2).map(({ id }) => id)).toEqual([worst.id, mild.at(-1)!.id]);
  expect(alerts.some(({ id }) => id === over.id)).toBe(false);
  expect(toHelperSchema.safeParse({ type: 'alerts', alerts }).error).toBeUndefined();
});
