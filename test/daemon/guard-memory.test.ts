import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { AlertReport } from '../../src/api/client/index.js';
import { Misbehaving, type Program } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { MemoryCgroup } from './memory-cgroup.js';
import { until } from './until.js';

/** The built daemon as it is installed, and a program that fills the memory that it may have. */

const MB = 1024 * 1024;
const LIMIT_MB = 640;
/** 40 s from the first byte to the last. */
const PACE_MB = 16;
/** 24 s. */
const FAST_MB = 27;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const machine = new GuardedMachine();
const programs = new Misbehaving();
let cgroup: MemoryCgroup;

beforeAll(async () => {
  cgroup = MemoryCgroup.create(LIMIT_MB * MB);
  await machine.start('');
});

afterAll(async () => {
  programs.remove();
  await machine.remove();
  await until('an empty cgroup', () => cgroup.isEmpty());
  cgroup.remove();
});

const of =
  ({ pid }: Program) =>
  ({ subject }: AlertReport) =>
    subject.processes.some(process => process.pid === pid);

it('who would use up the limit of its cgroup is named while there is time', async () => {
  const greedy = await programs.start('greedy.py', cgroup.procs, String(PACE_MB), String(LIMIT_MB));
  await until('a word', () => machine.about(of(greedy)).length > 0);
  const { type, alert } = machine.about(of(greedy))[0]!;
  expect(`${type} ${alert.rule}`).toBe('alert_opened memory_full_soon');
  expect(alert.title).toBe(`${greedy.name} (pid ${greedy.pid}) takes memory fast`);
  expect(alert.text).toContain('the memory limit of /vigil-test-');
  // How much of it is a figure of bench/memory: this machine may be busy with other tests.
  expect(alert.numbers.exhausted_in_ms).toBeGreaterThan(0);
  greedy.end();
  await until('the end', () => machine.about(of(greedy)).some(event => event.type === 'alert_resolved'));
});

it('who fills it as fast as 1 GB/s would fill 24 GB is named before the kernel ends it', async () => {
  const greedy = await programs.start('greedy.py', cgroup.procs, String(FAST_MB), String(2 * LIMIT_MB));
  await until('its end', () => !existsSync(`/proc/${greedy.pid}/exe`));
  const ended_ms = Date.now();
  const named = () => machine.about(of(greedy)).find(({ alert }) => alert.rule === 'memory_full_soon');
  await until('a word', () => named() !== undefined);
  expect(Date.parse(named()!.alert.opened)).toBeLessThan(ended_ms);
  await until('the end', () => machine.about(of(greedy)).some(event => event.type === 'alert_resolved'));
});

it('who takes half of it and stops is not', async () => {
  const modest = await programs.start('greedy.py', cgroup.procs, '100', String(LIMIT_MB / 2));
  await machine.looks(3);
  expect(machine.about(of(modest))).toEqual([]);
  modest.end();
});
