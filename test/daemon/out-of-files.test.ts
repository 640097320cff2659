import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { VigilEvent } from '../../src/api/client/index.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/** The daemon can open no file any more, as on a machine that has none left: it knows nothing new, and says so. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 150_000 });

const PROBLEM = 'cannot look at all processes';
const machine = new GuardedMachine();
let dir: string;
let agent: ChildProcess;
let terminal: ChildProcess;

/** The machine may run others. */
const agents = async () =>
  (await machine.agents())
    .filter(({ command }) => command.includes(dir))
    .map(({ pid, started }) => ({ pid, started }));

async function limitFiles(count: string): Promise<void> {
  const { pid } = await machine.health();
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${count}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

describe('a daemon without free descriptors', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-files-'));
    copyFileSync('/bin/sleep', join(dir, 'claude'));
    await machine.start(
      '[sensor]\ntier = "procfs"\n[sampling]\nsample_interval_normal_s = 0.5\nsample_interval_alert_s = 0.5\n',
    );
    agent = spawn(join(dir, 'claude'), ['600'], { stdio: 'ignore' });
    terminal = spawn('script', ['-qec', `${join(dir, 'claude')} 601`, '/dev/null'], { stdio: 'ignore' });
    await machine.knows(agent.pid!);
    await until('both agents', async () => (await agents()).length === 2);
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    terminal?.kill('SIGKILL');
    await machine.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it('tells neither that agents ended nor that they are new', async () => {
    const before = await agents();
    await limitFiles('3:4096');
    await until('that it says so', async () =>
      (await machine.health()).problems.some(problem => problem.startsWith(PROBLEM)),
    );
    await machine.looks(6);
    expect(await agents()).toEqual(before);
    await limitFiles('4096:4096');
    await until('that it is over', async () =>
      (await machine.health()).problems.every(problem => !problem.startsWith(PROBLEM)),
    );
    await machine.looks(3);
    expect(await agents()).toEqual(before);
    const { stdout } = await machine.vigil('events', '--json', '-n', '1000');
    const events = stdout
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as VigilEvent);
    const told = events.filter(event => event.type === 'agent_state').map(({ pid, to }) => `${pid} ${to}`);
    for (const { pid } of before) expect(told.filter(text => text === `${pid} EXITED`)).toEqual([]);
  });
});
