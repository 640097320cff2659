import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { runProgram } from '../../../src/sources/kernel/bpftrace.js';
import { KernelClock } from '../../../src/sources/kernel/events/clock.js';
import { SupervisedProgram } from '../../../src/sources/kernel/supervise.js';
import { setYielding, spinner } from '../../starving.js';
import { script, until } from './helpers.js';

/** Beats once, then after 0.3 s of CPU time each, which one with no CPU to spare hardly gets in a minute. */
const BEATS = `
import time
while True:
    print('{"type":"printf","data":"H 1000"}', flush=True)
    enough = time.process_time() + 0.3
    while time.process_time() < enough: pass
    time.sleep(0.1)
`;
const HANGS = `
import time
print('{"type":"printf","data":"H 1000"}', flush=True)
time.sleep(600)
`;
const patience = { told_ms: 1_500, ended_ms: 2_000 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function program(name: string, python: string): SupervisedProgram {
  const text = python.replaceAll("'", `'"'"'`);
  const path = script(name, `#!/bin/sh\nexec taskset -c 0 python3 -S -E -c '${text}'\n`);
  const supervised = new SupervisedProgram(
    {
      name,
      bpftrace: { path, version: '0.99.0' },
      text: '',
      parameters: [],
      missing: [],
      patience: { running: patience, starting: { told_ms: 30_000, ended_ms: 60_000 } },
    },
    silentLogger(),
    new KernelClock(),
    {
      line: () => true,
      map: () => {},
      attached: () => {},
      heartbeat: () => {},
      lost: () => {},
      live: () => {},
    },
    runProgram,
  );
  cleanups.push(() => supervised.stop());
  return supervised;
}

describe('a kernel program that is silent', () => {
  it('is not ended while it only gets no CPU, and is well when it gets some', async () => {
    const starved = program('starved', BEATS);
    await starved.start();
    await until('a heartbeat', () => starved.health().state === 'running', 30_000);
    const { pid } = starved.health();
    setYielding(pid!, true);
    const busy = spinner();
    cleanups.push(() => busy.kill('SIGKILL'));
    const silent_s = () =>
      Number(/no heartbeat for ([\d.]+) s/.exec(starved.health().problem ?? '')?.[1] ?? 0);
    await until('a silence twice as long as its patience', () => silent_s() > 4.5, 60_000);
    expect(starved.health()).toMatchObject({ state: 'silent', starved: true, pid, restarts: 0 });
    expect(starved.health().problem).toMatch(/it gets no CPU/);
    busy.kill('SIGKILL');
    setYielding(pid!, false);
    await until('a heartbeat again', () => starved.health().state === 'running', 60_000);
    expect(starved.health()).toMatchObject({ starved: false, pid, restarts: 0, problem: null });
  }, 180_000);

  it('is ended and started again when it had CPU and hangs', async () => {
    const hung = program('hung', HANGS);
    await hung.start();
    const { pid } = hung.health();
    await until('the next', () => hung.health().restarts > 0 && hung.health().state === 'running', 60_000);
    expect(hung.health().pid).not.toBe(pid);
  }, 120_000);
});
