import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiClient, ApiError, connectToDaemon, NotRunningError } from '../../src/api/client/index.js';
import { fakeAgent, fakeEvent } from './fake-daemon.js';
import { Rig, waitFor } from './rig.js';

describe('a client of a running daemon', () => {
  let rig: Rig;
  let client: ApiClient;
  beforeEach(async () => {
    rig = await Rig.start();
    client = await connectToDaemon({ runtimeDir: rig.dir, timeoutMs: 1000 });
  });
  afterEach(async () => {
    client.close();
    await rig.stop();
  });

  it('asks, several at once', async () => {
    rig.daemon.list = [fakeAgent()];
    const [, agents, explain, health] = await Promise.all([
      client.call('ping'),
      client.call('agents'),
      client.call('explain', { pid: 4242 }),
      client.call('health'),
    ]);
    expect(agents).toEqual(rig.daemon.list);
    expect(explain.decided_by).toContain('registry');
    expect(health).toMatchObject({ status: 'healthy', clients: 1 });
  });

  it('gets errors as errors', async () => {
    await expect(client.call('explain', { pid: 1 })).rejects.toThrow(ApiError);
    await expect(client.call('explain', { pid: 1 })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('follows', async () => {
    rig.daemon.emit(fakeEvent({ pid: 1 }));
    const pids: number[] = [];
    expect(
      await client.subscribe(
        'events',
        { follow: true, limit: 5 },
        event => 'pid' in event && pids.push(event.pid),
      ),
    ).toMatchObject([{ pid: 1 }]);
    rig.daemon.emit(fakeEvent({ pid: 2 }));
    await waitFor(() => pids.length === 1);
    expect(pids).toEqual([2]);
  });

  it('records, and costs nothing when nobody does', async () => {
    const seen: unknown[] = [];
    expect(rig.daemon.observers.size).toBe(0);
    expect(await client.subscribe('record', {}, observation => seen.push(observation))).toEqual([
      { type: 'clock', time_ms: 1 },
    ]);
    rig.daemon.observe({ type: 'clock', time_ms: 2 });
    await vi.waitFor(() => expect(seen).toEqual([{ type: 'clock', time_ms: 2 }]));
    client.close();
    await vi.waitFor(() => expect(rig.daemon.observers.size).toBe(0));
  });

  it('records from the moment on in which what it begins with is whole, however many pieces that takes', async () => {
    const seen: unknown[] = [];
    let pieces = 0;
    rig.daemon.services.observations.snapshot = function* () {
      for (; pieces < 10; pieces++) yield;
      rig.daemon.observe({ type: 'clock', time_ms: 1 });
      return [{ type: 'clock', time_ms: 2 }];
    };
    const first = await client.subscribe('record', {}, observation => seen.push(observation));
    expect(first).toEqual([{ type: 'clock', time_ms: 2 }]);
    rig.daemon.observe({ type: 'clock', time_ms: 3 });
    await vi.waitFor(() => expect(seen).toEqual([{ type: 'clock', time_ms: 3 }]));
  });

  it('notices that the daemon is gone', async () => {
    const asked = client.call('health');
    await asked;
    const stopping = rig.server.stop();
    await client.closed;
    await stopping;
    await expect(client.call('agents')).rejects.toThrow('the vigil daemon closed the connection');
  });
});

describe('without a daemon', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-client-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('says where it looked and what to do', async () => {
    await expect(connectToDaemon({ runtimeDir: dir })).rejects.toThrow(
      `no vigil daemon answers (${dir}/vigil.sock: no such socket). Start one: vigil daemon, or make run, or systemctl start vigil`,
    );
    await expect(connectToDaemon({ runtimeDir: `${dir}/none` })).rejects.toThrow(NotRunningError);
  });

  it('knows a socket that was left behind', async () => {
    writeFileSync(join(dir, 'vigil.sock'), '');
    await expect(connectToDaemon({ runtimeDir: dir })).rejects.toThrow(/left behind by a daemon that died/);
  });

  it('does not wait for one that does not answer', async () => {
    const silent = createServer().listen(join(dir, 'vigil.sock'));
    await new Promise(resolve => silent.once('listening', resolve));
    const client = await connectToDaemon({ runtimeDir: dir, timeoutMs: 100 });
    await expect(client.call('ping')).rejects.toThrow('the vigil daemon did not answer "ping" within 100 ms');
    client.close();
    silent.close();
  });

  it('is not taken in by something else behind the socket', async () => {
    const other = createServer(socket => socket.end('SSH-2.0-x\r\n')).listen(join(dir, 'vigil.sock'));
    await new Promise(resolve => other.once('listening', resolve));
    const client = await connectToDaemon({ runtimeDir: dir });
    await expect(client.call('ping')).rejects.toThrow('the socket answers, but not as this vigil does');
    other.close();
  });
});
