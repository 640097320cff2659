import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, health } from '../ask.js';

/**
 * A machine on which the kernel programs take for ever to be attached, as they do for many seconds while one boots:
 * a bpftrace that can be asked anything, but never comes to run a program.
 */

const VIGIL = resolve('bin/vigil');
const AGENT = 'vigil-slow-agent';

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let daemon: ChildProcess;
let agent: ChildProcess;

const states = async () =>
  (await ask(join(dir, 'run'), client => client.call('agents')))
    .filter(({ pid }) => pid === agent.pid)
    .map(({ state }) => state);
/** Sooner than by the look at all processes each half a minute, which is for what events cannot tell. */
const soon = { timeout: 12_000, interval: 200 };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-slow-'));
  const bpftrace = join(dir, 'bpftrace');
  writeFileSync(bpftrace, '#!/bin/sh\n[ "$3" = - ] && exec sleep 600\nexec /usr/bin/bpftrace "$@"\n', {
    mode: 0o755,
  });
  copyFileSync('/bin/sleep', join(dir, AGENT));
  writeFileSync(
    join(dir, 'config.toml'),
    `[sensor]\nbpftrace = "${bpftrace}"\n[[agents]]\nname = "slow"\ncommands = ["${AGENT}"]\n`,
  );
  const places = ['config', 'runtime-dir', 'state-dir'].flatMap((name, i) => [
    `--${name}`,
    join(dir, ['config.toml', 'run', 'state'][i]!),
  ]);
  daemon = spawn(VIGIL, ['daemon', ...places], { stdio: 'ignore' });
  await vi.waitFor(() => health(join(dir, 'run')), { timeout: 60_000, interval: 200 });
}, 120_000);

afterAll(async () => {
  agent?.kill('SIGKILL');
  daemon?.kill('SIGTERM');
  await new Promise(done => daemon?.once('exit', done));
  rmSync(dir, { recursive: true, force: true });
});

describe.runIf(process.getuid?.() === 0)('while the kernel tells nothing yet', () => {
  it('agents are found, and seen to end', async () => {
    const { problems } = await health(join(dir, 'run'));
    expect(problems.join()).toMatch(/lifecycle: not attached after \d/);
    agent = spawn(join(dir, AGENT), ['300'], { stdio: 'ignore' });
    await vi.waitFor(async () => expect(await states()).toEqual(['WORKING']), soon);
    agent.kill('SIGKILL');
    await vi.waitFor(async () => expect(await states()).toEqual(['EXITED']), soon);
  });
});
