import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as ask from '../../ask.js';

/** The built daemon that is told to end before it has begun, and one with bugs. */

const VIGIL = resolve('bin/vigil');

vi.setConfig({ testTimeout: 240_000 });

let dir: string;
let daemon: ChildProcess | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-start-'));
});

afterEach(async () => {
  if (daemon !== null && daemon.exitCode === null && daemon.signalCode === null) {
    daemon.kill('SIGKILL');
    await new Promise(done => daemon?.once('exit', done));
  }
  rmSync(dir, { recursive: true, force: true });
});

function start(config: string, ...node: string[]): ChildProcess {
  writeFileSync(join(dir, 'config.toml'), config);
  const places = ['config', 'runtime-dir', 'state-dir'].flatMap((name, i) => [
    `--${name}`,
    join(dir, ['config.toml', 'run', 'state'][i]!),
  ]);
  const log = openSync(join(dir, 'log'), 'a');
  daemon = spawn(process.execPath, [...node, VIGIL, 'daemon', '--log-format', 'json', ...places], {
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  return daemon;
}

const log = () => readFileSync(join(dir, 'log'), 'utf8');
const ended = (child: ChildProcess) =>
  new Promise<[number | null, NodeJS.Signals | null]>(done =>
    child.once('exit', (code, signal) => done([code, signal])),
  );
const health = () => ask.health(join(dir, 'run'));
const isUp = () => vi.waitFor(() => health(), { timeout: 120_000, interval: 200 });
const isStarting = () =>
  vi.waitFor(() => expect(existsSync(join(dir, 'asked'))).toBe(true), { timeout: 120_000, interval: 20 });

/** A bpftrace that never answers: probing the machine takes as long as vigil is patient. */
function deafBpftrace(): string {
  const file = join(dir, 'bpftrace');
  writeFileSync(file, `#!/bin/sh\necho $$ >>${dir}/asked\nexec sleep 600\n`, { mode: 0o755 });
  return `[sensor]\nbpftrace = "${file}"\n`;
}

describe.runIf(process.getuid?.() === 0)('a daemon that is told to end while it starts', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends well at %s, with all that it had begun', async signal => {
    const child = start(deafBpftrace());
    const end = ended(child);
    await isStarting();
    child.kill(signal);
    expect(await end).toEqual([0, null]);
    const pids = readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n');
    await vi.waitFor(() => expect(pids.filter(pid => existsSync(`/proc/${pid}`))).toEqual([]), 10_000);
    // Nothing holds its folder any more.
    const next = start('[sensor]\ntier = "procfs"\n');
    await isUp();
    next.kill('SIGTERM');
    expect(await ended(next)).toEqual([0, null]);
  });

  it('ends at once at the second signal', async () => {
    const child = start(deafBpftrace());
    const end = ended(child);
    await isStarting();
    child.kill('SIGTERM');
    child.kill('SIGINT');
    // Which of the two comes first is the kernel's affair; that one of them was enough is seen as well.
    expect((await end)[1]).toBe(null);
  });

  it('ends well whenever that is', async () => {
    // Before Node.js itself has started, a signal can only have its usual meaning.
    const mark = join(dir, 'heeds');
    const tell = join(dir, 'tell.cjs');
    writeFileSync(
      tell,
      `process.on('newListener', name => name === 'SIGTERM' && require('fs').writeFileSync('${mark}', ''));`,
    );
    for (const wait_ms of [0, 100, 200, 400, 800]) {
      rmSync(mark, { force: true });
      const child = start('[sensor]\ntier = "procfs"\n', '--require', tell);
      const end = ended(child);
      await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 20_000, interval: 5 });
      await new Promise(done => setTimeout(done, wait_ms));
      child.kill('SIGTERM');
      expect(await end).toEqual([0, null]);
    }
  });
});

describe('a daemon with a bug', () => {
  const bug = () => {
    const file = join(dir, 'bug.cjs');
    writeFileSync(
      file,
      `process.on('SIGUSR2', () => setTimeout(() => { throw new TypeError('a bug of the test'); }));
       process.on('SIGCONT', () => void Promise.reject(new RangeError('an unhandled one')));`,
    );
    return ['--require', file];
  };

  it('goes on after a rejected promise, and says so', async () => {
    const child = start('[sensor]\ntier = "procfs"\n', ...bug());
    await isUp();
    child.kill('SIGCONT');
    await vi.waitFor(
      async () => expect((await health()).problems.join()).toContain('RangeError: an unhandled one'),
      20_000,
    );
    expect((await health()).status).toBe('degraded');
    expect(log()).toContain('bug.cjs');
    child.kill('SIGTERM');
    expect(await ended(child)).toEqual([0, null]);
  });

  it('ends in order after an exception that nobody caught, to be started again, and the next run tells of it', async () => {
    const child = start('[sensor]\ntier = "procfs"\n', ...bug());
    await isUp();
    const end = ended(child);
    child.kill('SIGUSR2');
    expect(await end).toEqual([70, null]);
    const words = log();
    expect(words).toContain('TypeError');
    expect(words).toContain('bug.cjs');
    // The socket was closed and the history written.
    expect(existsSync(join(dir, 'run', 'vigil.sock'))).toBe(false);
    const next = start('[sensor]\ntier = "procfs"\n');
    await isUp();
    expect((await health()).problems.join()).toMatch(/ended by an error of its own once.*a bug of the test/);
    next.kill('SIGTERM');
    expect(await ended(next)).toEqual([0, null]);
  });
});
