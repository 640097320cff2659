import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, ApiError, type CommandName, type ParamsOf } from '../../src/api/client/index.js';
import { COMMANDS } from '../../src/api/commands/map.js';
import { strictly } from '../api/schemas.js';
import { ask } from '../ask.js';
import { Misbehaving, type Program } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/** Each command, as a real daemon answers it that has something to tell: no field more than its schema says, none less. */

const machine = new GuardedMachine();
const programs = new Misbehaving(pid => machine.knows(pid));
let spinner: Program;
let alert: number;
let agent: number;

beforeAll(async () => {
  await machine.start(`
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[detection]
cpu_high = { threshold_percent = 15, duration_s = 1 }
`);
  await programs.startByAgent('fd_leak.py');
  spinner = await programs.start('spinner.py');
  await until('the alert', async () => {
    const found = (await machine.alerts()).find(({ subject }) =>
      subject.processes.some(({ pid }) => pid === spinner.pid),
    );
    alert = found?.id ?? 0;
    return found !== undefined;
  });
  agent = (await machine.agents())[0]!.pid;
}, 300_000);

afterAll(async () => {
  programs.remove();
  await machine.remove();
}, 150_000);

const pid = () => spinner.pid;

/** What each is asked with, one of them or several; in this order. */
const ASKED: { readonly [N in CommandName]: () => readonly ParamsOf<N>[] } = {
  ping: () => [{}],
  health: () => [{}],
  agents: () => [{}],
  explain: () => [{ pid: agent }],
  events: () => [{}, { limit: 2 }],
  alerts: () => [{}, { all: true }],
  get_alerts: () => [{}],
  machine: () => [{}],
  host: () => [{}],
  processes: () => [{}, { session: agent }],
  list_processes: () => [{}],
  report: () => [{ period_s: 3_600, buckets: 4 }],
  explain_alert: () => [{ id: alert }, { id: alert, prompt: true }],
  explain_process: () => [{ pid: pid() }, { pid: pid(), prompt: true }],
  plans: () => [{ alert }],
  kill_preview: () => [{ pid: pid() }, { pid: pid(), scope: 'tree' }],
  record: () => [{}],
  add_whitelist: () => [{ pattern: 'nobody-has-this-name' }],
  list_whitelist: () => [{}],
  remove_whitelist: () => [{ id: 1 }],
  get_config: () => [{}],
  update_config: () => [{ thresholds: { ram_warn_percent: 81 } }],
  reload_config: () => [{}],
  pause_monitoring: () => [{}],
  resume_monitoring: () => [{}],
  execute_plan: () => [{ id: 1 }],
  kill_process: () => [{ pid: pid() }],
  actions: () => [{}],
  clear_alerts: () => [{}],
};

async function answered(client: ApiClient, name: CommandName, params: unknown): Promise<unknown> {
  try {
    return await client.call(name, params as never, 90_000);
  } catch (error) {
    // Of these there may be none.
    if (error instanceof ApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

describe('what a real daemon answers', { timeout: 120_000 }, () => {
  for (const name of Object.keys(ASKED) as CommandName[]) {
    it(name, async () => {
      for (const params of ASKED[name]()) {
        const answer = await ask(machine.runtimeDir, client => answered(client, name, params));
        if (name !== 'execute_plan' && name !== 'ping') expect(answer).toBeDefined();
        if (answer !== undefined) strictly(COMMANDS.get(name)!.result, answer, name);
      }
    });
  }

  it('what it pushes: events and observations', async () => {
    const pushed = { events: [] as unknown[], record: [] as unknown[] };
    await ask(machine.runtimeDir, async client => {
      await client.subscribe('events', { follow: true }, data => pushed.events.push({ type: 'event', data }));
      await client.subscribe('record', {}, data => pushed.record.push({ type: 'observation', data }));
      await programs.startByAgent('fd_leak.py').catch(() => {});
      await until('both', () => pushed.events.length > 0 && pushed.record.length > 0);
    });
    for (const [name, messages] of Object.entries(pushed))
      for (const message of messages) strictly(COMMANDS.get(name)!.subscribe!.stream.message, message, name);
  });
});
