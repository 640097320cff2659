import { describe, expect, it } from 'vitest';
import type { Alert, AlertChange } from '../../../src/model/alert.js';
import { ShownAlerts } from '../../../src/outputs/helpers/shown-alerts.js';
import { fakeAlert } from '../../api/fake-daemon.js';

const opened = (alert: Alert, quiet = false): AlertChange => ({
  type: 'alert_opened',
  time_ms: 0,
  alert,
  ...(quiet && { quiet: true as const }),
});
const updated = (alert: Alert): AlertChange => ({ type: 'alert_updated', time_ms: 0, alert });
const resolved = (id: number): AlertChange => ({
  type: 'alert_resolved',
  time_ms: 0,
  alert: fakeAlert({ id, status: 'resolved', resolved_ms: 1 }),
});

describe('what desktops are shown', () => {
  it('is not what came back soon, until it gets worse', async () => {
    const shown = new ShownAlerts(async () => null);
    await shown.hear(opened(fakeAlert({ id: 1, severity: 'high' }), true));
    expect(shown.list()).toEqual([]);
    await shown.hear(updated(fakeAlert({ id: 1, severity: 'warning' })));
    expect(shown.list()).toEqual([]);
    await shown.hear(updated(fakeAlert({ id: 1, severity: 'critical' })));
    expect(shown.list()).toMatchObject([{ id: 1, severity: 'critical' }]);
  });

  it('has the command to copy', async () => {
    const shown = new ShownAlerts(async ({ id }) => (id === 1 ? 'kill -- 4711' : null));
    await shown.hear(opened(fakeAlert({ id: 1, suggestion: 'End it.' })));
    await shown.hear(opened(fakeAlert({ id: 2 })));
    expect(shown.list()).toMatchObject([
      { id: 1, suggestion: 'End it.\nkill -- 4711' },
      { id: 2, suggestion: fakeAlert().suggestion },
    ]);
  });

  it('is what was open before a restart, with what has been heard of it since', async () => {
    const shown = new ShownAlerts(async ({ id }) => `kill -- ${id}`);
    await shown.hear(resolved(1));
    await shown.hear(updated(fakeAlert({ id: 2, severity: 'critical', suggestion: null })));
    const old = [1, 2, 3].map(id => fakeAlert({ id, severity: 'high', suggestion: null }));
    await shown.restore(old);
    expect(shown.list()).toMatchObject([
      { id: 1, status: 'resolved' },
      { id: 2, severity: 'critical' },
      { id: 3, severity: 'high', suggestion: 'kill -- 3' },
    ]);
  });

  it('keeps what is over for a while, not for ever', async () => {
    const shown = new ShownAlerts(async () => null);
    for (let id = 1; id <= 500; id++) {
      await shown.hear(opened(fakeAlert({ id })));
      await shown.hear(resolved(id));
    }
    expect(shown.list()).toHaveLength(50);
    expect(shown.list().at(-1)).toMatchObject({ id: 500, status: 'resolved' });
  });
});
