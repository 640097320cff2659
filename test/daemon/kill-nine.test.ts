import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ApiClient, connectToDaemon } from '../../src/api/client/index.js';
import { until } from './until.js';

/** The built daemon, ended by kill -9 at any moment: what it has acknowledged is there at its next start. */

const VIGIL = resolve('bin/vigil');
const ROUNDS = 4;

vi.setConfig({ testTimeout: 240_000 });

let dir: string;
let daemon: ChildProcess;
const sleepers: ChildProcess[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-kill-nine-'));
  const always = '[thresholds]\nram_warn_percent = 0\n[detection.ram]\nduration_s = 0\n';
  writeFileSync(join(dir, 'config.toml'), `[sensor]\ntier = "procfs"\n${always}`);
});

afterAll(async () => {
  for (const sleeper of sleepers) sleeper.kill('SIGKILL');
  await kill();
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<ApiClient> {
  await kill();
  const places = ['config', 'runtime-dir', 'state-dir'].flatMap((name, i) => [
    `--${name}`,
    join(dir, ['config.toml', 'run', 'state'][i]!),
  ]);
  daemon = spawn(process.execPath, [VIGIL, 'daemon', ...places], { stdio: 'ignore' });
  let client: ApiClient | null = null;
  await until('the daemon', async () => {
    client = await connectToDaemon({ runtimeDir: join(dir, 'run'), timeoutMs: 60_000 }).catch(() => null);
    return client !== null;
  });
  return client!;
}

async function kill(): Promise<void> {
  if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = new Promise(done => daemon.once('exit', done));
  daemon.kill('SIGKILL');
  await gone;
}

describe('after kill -9', () => {
  it('every entry of the whitelist that was acknowledged is there, and none that was removed', async () => {
    const kept = new Set<string>();
    const removed = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const client = await start();
      const found = new Map((await client.call('list_whitelist')).map(({ pattern, id }) => [pattern, id]));
      for (const pattern of kept) expect([...found.keys()]).toContain(pattern);
      for (const pattern of removed) expect([...found.keys()]).not.toContain(pattern);
      const [first] = kept;
      if (first !== undefined) {
        kept.delete(first);
        await client.call('remove_whitelist', { id: found.get(first)! });
        removed.add(first);
      }
      // As fast as they are taken; the last of them is acknowledged when the daemon is gone.
      const count = 1 + Math.floor(Math.random() * 8);
      for (let i = 0; i < count; i++) {
        const { pattern } = await client.call('add_whitelist', {
          pattern: `entry-${round}-${i}`,
          match_type: 'name',
          reason: '',
        });
        kept.add(pattern);
      }
      await kill();
      client.close();
    }
  });

  it('alerts that were cleared are not open again', async () => {
    const client = await start();
    // Nobody is told to look at the machine again: what is cleared stays so until somebody does.
    await until('an alert', async () => (await client.call('alerts', {})).length > 0);
    await client.call('pause_monitoring');
    const [open] = await client.call('alerts', {});
    expect((await client.call('clear_alerts')).cleared).toBeGreaterThan(0);
    await kill();
    client.close();
    const next = await start();
    const found = (await next.call('alerts', { all: true, limit: 50 })).find(({ id }) => id === open!.id);
    expect(found).toMatchObject({ status: 'resolved' });
    next.close();
  });

  it('an action that was under way is told as interrupted', async () => {
    const client = await start();
    // It heeds no SIGTERM, so that its ending takes the whole grace.
    const script = 'trap "" TERM; echo ready; while :; do sleep 1; done';
    const stubborn = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    sleepers.push(stubborn);
    await new Promise(done => stubborn.stdout!.once('data', done));
    const ending = client
      .call('kill_process', { pid: stubborn.pid!, scope: 'process', force: false })
      .catch(() => null);
    await until('the record', async () => (await client.call('actions', { limit: 9 })).length === 1);
    expect(await client.call('actions', { limit: 9 })).toMatchObject([
      { result: null, targets: [{ pid: stubborn.pid }] },
    ]);
    await kill();
    await ending;
    client.close();
    const next = await start();
    expect(await next.call('actions', { limit: 9 })).toMatchObject([
      { result: 'interrupted: vigil ended before it did' },
    ]);
    next.close();
  });
});
