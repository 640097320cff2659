import { expect } from 'vitest';
import type { AlertReport } from '../../src/api/client/index.js';
import type { GuardedMachine } from './guarded.js';
import { until } from './until.js';

type Is = (alert: AlertReport) => boolean;

/** What a machine said, where each trouble is to be told of once, and once that it is over. */
export class Once {
  constructor(private readonly machine: GuardedMachine) {}

  /** Without updates, e.g. `alert_opened hang`. */
  told(is: Is): string[] {
    return this.machine
      .about(is)
      .filter(({ type }) => type !== 'alert_updated')
      .map(({ type, alert }) => `${type} ${alert.rule}`);
  }

  async opened(rule: string, is: Is): Promise<AlertReport> {
    await until(`an alert of ${rule}`, () => this.told(is).length > 0);
    expect(this.told(is)).toEqual([`alert_opened ${rule}`]);
    const open = (await this.machine.alerts()).filter(is);
    expect(open).toHaveLength(1);
    const [alert] = open;
    expect(alert).toMatchObject({ rule, status: 'open', resolved: null });
    expect(alert!.suggestion).toMatch(/\w/);
    return alert!;
  }

  async resolved(rule: string, is: Is): Promise<void> {
    await until(`the end of ${rule}`, () => this.told(is).length > 1);
    expect(this.told(is)).toEqual([`alert_opened ${rule}`, `alert_resolved ${rule}`]);
    expect((await this.machine.alerts(true)).filter(is)).toMatchObject([{ rule, status: 'resolved' }]);
  }
}
