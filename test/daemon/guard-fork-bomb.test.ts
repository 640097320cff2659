import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { readUid } from '../../src/lib/os/uid.js';
import { listPids, readStat } from '../../src/sources/procfs/read.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

const UID = 64_321;
const LIMIT = 150;
const bombFile = fileURLToPath(new URL('../fixtures/fork_bomb.py', import.meta.url));

let machine: GuardedMachine | null = null;
let bomb: ChildProcess | null = null;

/** Pids of living processes of that user. */
const members = () =>
  listPids('/proc').filter(pid => {
    const state = readStat('/proc', pid)?.state ?? 'X';
    return !/[ZX]/.test(state) && readUid('/proc', pid) === UID;
  });

afterEach(async () => {
  for (let left = members(); left.length > 0; left = members())
    for (const pid of left)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone.
      }
  bomb = null;
  await machine?.remove();
  machine = null;
});

it('a fork bomb is named, with its user, and its root, and ended with all that it makes', async () => {
  machine = new GuardedMachine();
  await machine.start(`
[sampling]
sample_interval_normal_s = 3600
[detection.fork_bomb]
min_processes = 60
[actions]
mode = "suggest"
grace_s = 1
`);
  bomb = spawn('python3', ['-S', '-E', bombFile, String(UID), String(LIMIT), '40'], { stdio: 'ignore' });
  const told = () =>
    machine!.said.find(({ alert }) => alert.rule === 'fork_bomb' && alert.subject.uid === UID);
  // The next regular look is an hour away.
  await until('the alert', () => told() !== undefined, 35_000);
  const { alert } = told()!;
  expect(alert.title).toMatch(/^Fork bomb: python3/);
  expect(alert.text).toContain(`of uid ${UID}`);
  expect(alert.subject.processes.map(({ pid }) => pid)).toContain(bomb.pid);
  const ended = await machine.vigil('kill', String(bomb.pid), '--tree', '--force', '--yes');
  expect(ended.stderr).toBe('');
  expect(ended.exitCode).toBe(0);
  expect(members()).toEqual([]);
}, 120_000);
