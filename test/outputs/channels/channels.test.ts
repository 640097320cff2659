import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Bus } from '../../../src/bus.js';
import { configSchema } from '../../../src/config/schema.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { Channels } from '../../../src/outputs/channels/channels.js';
import { change, TIME_MS } from './changes.js';
import { Receiver } from './receiver.js';

/** Channels that are exchanged while messages are on their way. */

let receiver: Receiver;
let channels: Channels;
let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-channels-'));
  receiver = new Receiver();
  await receiver.start();
});
afterEach(async () => {
  await channels.stop();
  await receiver.stop();
  rmSync(dir, { recursive: true });
});

const hook = (path: string, over = {}) => ({ type: 'json', url_env: path.toUpperCase(), ...over });
const config = (...webhooks: object[]) => configSchema.parse({ webhooks });

function make(...webhooks: object[]): Channels {
  const env = { A: `${receiver.url}/a`, B: `${receiver.url}/b` };
  channels = new Channels(
    config(...webhooks),
    { host: 'h', now: () => TIME_MS, env, log: silentLogger() },
    new Bus(new FaultLog(silentLogger())),
  );
  return channels;
}

const got = (path: string) =>
  receiver.received.filter(one => one.path === path).map(({ body }) => JSON.parse(body).alert.id);
const quiet = async (count: number) => {
  for (let i = 0; i < 200 && receiver.received.length < count; i++)
    await new Promise(done => setTimeout(done, 10));
  await new Promise(done => setTimeout(done, 50));
};

it('what goes still sends what waits, what comes begins with the next', async () => {
  make(hook('a'));
  for (const id of [1, 2, 3]) channels.send(change({ id }));
  channels.configure(config(hook('b')));
  channels.send(change({ id: 4 }));
  await quiet(4);
  expect([got('/a'), got('/b')]).toEqual([[1, 2, 3], [4]]);
  expect(channels.states({ kind: 'all' })).toMatchObject([{ name: 'json (webhook 1)', sent: 1 }]);
});

it('what stays the same goes on, and remembers what it announced', async () => {
  make(hook('a', { min_severity: 'high' }));
  channels.send(change({ id: 1, severity: 'high' }));
  channels.configure(config(hook('a', { min_severity: 'high' }), hook('b')));
  channels.send(change({ id: 1, severity: 'warning' }, 'alert_resolved'));
  await quiet(2);
  expect(got('/a')).toEqual([1, 1]);
  expect(got('/b')).toEqual([]);
  expect(channels.states({ kind: 'all' })).toMatchObject([{ sent: 2 }, { sent: 0 }]);
});

it('a file for alerts comes and goes', async () => {
  make();
  const path = join(dir, 'alerts.jsonl');
  channels.send(change({ id: 1 }));
  channels.configure(configSchema.parse({ log_file: { path } }));
  channels.send(change({ id: 2 }));
  channels.configure(configSchema.parse({}));
  channels.send(change({ id: 3 }));
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).alert.id),
  ).toEqual([2]);
  expect(channels.states({ kind: 'all' })).toEqual([]);
});

it('why one fails is told to who sees everything; others are told that it does', async () => {
  make(hook('none'));
  channels.send(change({ id: 1 }));
  await vi.waitFor(() =>
    expect(channels.health({ kind: 'all' }).problems).toEqual([expect.stringContaining('NONE')]),
  );
  expect(channels.health({ kind: 'user', uid: 1000 }).problems).toEqual([
    'json (webhook 1): it fails: root sees why',
  ]);
});
