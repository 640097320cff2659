import { afterAll, expect, it, vi } from 'vitest';
import type { AlertReport } from '../../src/api/client/index.js';
import { Misbehaving, type Program } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/** What is wrong does not begin anew when vigil does. */

const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[detection]
stopped = { duration_s = 1 }
`;

vi.setConfig({ testTimeout: 400_000, hookTimeout: 150_000 });

const machine = new GuardedMachine();
const programs = new Misbehaving(pid => machine.knows(pid));

afterAll(async () => {
  programs.remove();
  await machine.remove();
});

const of =
  ({ pid }: Program) =>
  ({ rule, subject }: AlertReport) =>
    rule === 'stopped' && subject.processes.some(process => process.pid === pid);

it('alerts go on under their ids when the daemon is restarted or killed, and each is over once', async () => {
  await machine.start(CONFIG);
  const first = await programs.startByAgent('stopped.py', 'first');
  const second = await programs.startByAgent('stopped.py', 'second');
  const said = (program: Program) =>
    machine.about(of(program)).map(({ type, alert }) => `${type} ${alert.id}`);
  const idOf = async (program: Program) => (await machine.alerts()).find(of(program))?.id;
  await until('both alerts', () => said(first).length > 0 && said(second).length > 0);
  const ids = [await idOf(first), await idOf(second)];
  // Written within five seconds; a kill may lose what is younger.
  const opened_ms = Math.max(...machine.said.map(({ time }) => Date.parse(time)));
  await until('the alerts to be on the disk', async () => {
    const { history } = await machine.health();
    return (history?.last_write_ms ?? 0) > opened_ms;
  });

  await machine.stop('SIGKILL');
  await machine.start(CONFIG);
  expect([await idOf(first), await idOf(second)]).toEqual(ids);
  await machine.stop();
  // It ends while nobody looks.
  second.end();
  await machine.start(CONFIG);
  expect(await idOf(first)).toBe(ids[0]);
  await until('the end of the second', () => said(second).length > 1);
  first.end();
  await until('the end of the first', () => said(first).length > 1);
  expect(said(first)).toEqual([`alert_opened ${ids[0]}`, `alert_resolved ${ids[0]}`]);
  expect(said(second)).toEqual([`alert_opened ${ids[1]}`, `alert_resolved ${ids[1]}`]);

  // And what comes after them does not take their ids.
  const third = await programs.startByAgent('stopped.py', 'third');
  await until('an alert', () => said(third).length > 0);
  expect(ids).not.toContain(await idOf(third));
});
