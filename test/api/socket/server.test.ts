import { mkdtempSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/api/socket/limits.js';
import type { Trust } from '../../../src/api/socket/peer.js';
import { fakeAction, fakeAgent, fakeAlert, fakeEvent, inOnePiece } from '../fake-daemon.js';
import { RawClient, Rig, waitFor } from '../rig.js';

const asRoot = process.getuid!() === 0;

let rig: Rig;
async function up(options: { limits?: Partial<Limits>; trust?: Trust } = {}): Promise<Rig> {
  rig = await Rig.start(options);
  return rig;
}
afterEach(() => rig.stop());

describe('a socket', () => {
  it('is where it was asked for, or nowhere', async () => {
    const dir = mkdtempSync(join(tmpdir(), `vigil-api-${'x'.repeat(100)}`));
    rig = new Rig({ dir });
    await expect(rig.server.start()).rejects.toThrow(/vigil\.sock: .* 107 bytes at most, choose a shorter/);
  });
});

describe('a request', () => {
  it.each<[string, string, unknown]>([
    ['ping', '{"cmd":"ping"}', { type: 'pong', id: null }],
    ['ping with id', '{"cmd":"ping","id":"a"}', { type: 'pong', id: 'a' }],
    ['an id that is a number', '{"cmd":"ping","id":-1.5}', { type: 'pong', id: -1.5 }],
    ['an id that is null', '{"cmd":"ping","id":null}', { type: 'pong', id: null }],
    ['the longest id', `{"cmd":"ping","id":"${'é'.repeat(200)}"}`, { type: 'pong', id: 'é'.repeat(200) }],
    [
      'an id that is too long',
      `{"cmd":"ping","id":"${'x'.repeat(201)}"}`,
      {
        type: 'error',
        id: null,
        error: { code: 'bad_request', message: expect.stringContaining('up to 200 characters') },
      },
    ],
    ...['{"x":[1]}', '[1]', 'true'].map((id): [string, string, unknown] => [
      `an id that is ${id}`,
      `{"cmd":"ping","id":${id}}`,
      { type: 'error', id: null, error: { code: 'bad_request' } },
    ]),
    ['unknown extra fields are ignored', '{"cmd":"ping","v":2}', { type: 'pong', id: null }],
    ['agents', '{"cmd":"agents","id":1}', { type: 'response', id: 1, data: [] }],
    [
      'no JSON',
      '{"cmd":',
      { type: 'error', id: null, error: { code: 'bad_json', message: 'the line is not JSON in UTF-8' } },
    ],
    ['no request', '[1]', { type: 'error', id: null, error: { code: 'bad_request' } }],
    ['no command', '{"id":7}', { type: 'error', id: 7, error: { code: 'bad_request' } }],
    [
      'unknown command',
      '{"cmd":"agent","id":2}',
      {
        type: 'error',
        id: 2,
        error: {
          code: 'unknown_command',
          message: expect.stringMatching(
            /^unknown command "agent": did you mean "agents"\? known are ping, health, .*events/,
          ),
        },
      },
    ],
    ['inherited name', '{"cmd":"toString"}', { type: 'error', error: { code: 'unknown_command' } }],
    [
      'wrong params',
      '{"cmd":"explain","params":{"pid":"7"}}',
      {
        type: 'error',
        error: { code: 'bad_request', message: expect.stringContaining('params of explain: pid:') },
      },
    ],
    [
      'unknown params',
      '{"cmd":"agents","params":{"all":1}}',
      { type: 'error', error: { code: 'bad_request' } },
    ],
    [
      'no such agent',
      '{"cmd":"explain","params":{"pid":1}}',
      { type: 'error', error: { code: 'not_found', message: 'pid 1 belongs to no agent that vigil knows' } },
    ],
  ])('%s', async (_, line, reply) => {
    await up();
    expect(await rig.raw().send(`${line}\n`).until(1)).toEqual([expect.objectContaining(like(reply))]);
  });

  function like(value: unknown): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([key, part]) => [
        key,
        key === 'error' ? expect.objectContaining(part as object) : part,
      ]),
    );
  }

  it('not UTF-8', async () => {
    await up();
    const [reply] = await rig.raw().send(Buffer.from('{"cmd":"ping","id":"\xff"}\n', 'latin1')).until(1);
    expect(reply).toMatchObject({ error: { code: 'bad_json' } });
  });

  it('in pieces, and several at once', async () => {
    await up();
    const client = rig.raw();
    for (const char of '{"cmd":"ping","id":1}\n\n{"cmd":"ping","id":2}\n{"cmd":"pi') {
      client.send(char);
      await new Promise(setImmediate);
    }
    expect(await client.until(2)).toEqual([
      { type: 'pong', id: 1 },
      { type: 'pong', id: 2 },
    ]);
    expect(await client.send('ng"}\n').until(3)).toHaveLength(3);
  });

  it('and goodbye at once is still answered', async () => {
    await up();
    const client = rig.raw();
    client.socket.end('{"cmd":"health"}\n');
    expect(await client.until(1)).toMatchObject([
      { type: 'response', data: { status: 'healthy', clients: 1 } },
    ]);
  });

  it('over the limit is refused and the connection closed', async () => {
    await up();
    const client = rig.raw().send('x'.repeat(1_000_001));
    await waitFor(() => client.closed);
    expect(client.messages).toEqual([
      {
        type: 'error',
        id: null,
        error: { code: 'too_large', message: 'a request may have 1000000 bytes at most' },
      },
    ]);
  });

  it('at the limit is fine', async () => {
    await up();
    const frame = '{"cmd":"ping","id":1,"v":""}';
    const filler = 'x'.repeat(999_999 - frame.length);
    const client = rig.raw().send(`{"cmd":"ping","id":1,"v":"${filler}"}\n`);
    expect(await client.until(1)).toEqual([{ type: 'pong', id: 1 }]);
  });

  it.each([
    '{"cmd":"ping","id":DEEP}',
    '{"id":1,"cmd":DEEP}',
    '{"cmd":"ping","id":1,"params":DEEP}',
    '{"cmd":"explain","id":1,"params":{"pid":DEEP}}',
  ])('that is nested deeper than any stack is answered: %s', async line => {
    await up();
    const client = rig.raw().send(`${line.replace('DEEP', '['.repeat(100_000) + ']'.repeat(100_000))}\n`);
    expect(await client.until(1)).toMatchObject([{ type: 'error', error: { code: 'bad_request' } }]);
    expect(await client.send('{"cmd":"ping","id":2}\n').until(2)).toContainEqual({ type: 'pong', id: 2 });
  });

  it('that fails inside says so, and the log knows', async () => {
    await up();
    rig.daemon.services.agents.list = () => {
      throw new Error('broken inside');
    };
    const client = rig.raw().send('{"cmd":"agents","id":1}\n{"cmd":"ping","id":2}\n');
    expect(await client.until(2)).toMatchObject([{ id: 1, error: { code: 'internal' } }, { type: 'pong' }]);
    expect(rig.log).toContain('broken inside');
    expect(client.text).not.toContain('broken inside');
  });

  it('whose answer cannot be written down costs that answer', async () => {
    await up();
    let deep: unknown = 0;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    rig.daemon.services.agents.list = () => inOnePiece(deep as never);
    rig.daemon.services.history.report = async () => deep as never;
    const client = rig
      .raw()
      .send('{"cmd":"agents","id":1}\n{"cmd":"report","id":2}\n{"cmd":"ping","id":3}\n');
    const replies = await client.until(3);
    expect(replies).toContainEqual({ type: 'pong', id: 3 });
    for (const id of [1, 2])
      expect(replies).toContainEqual({
        type: 'error',
        id,
        error: { code: 'internal', message: expect.stringContaining('its log says more') },
      });
    expect(rig.log).toContain('a request failed');
  });
});

describe('events', () => {
  it('recent ones, oldest first, as many as asked for', async () => {
    await up();
    for (const pid of [1, 2, 3]) rig.daemon.emit(fakeEvent({ pid }));
    const replies = await rig
      .raw()
      .send(
        '{"cmd":"events"}\n{"cmd":"events","params":{"limit":2}}\n{"cmd":"events","params":{"limit":0}}\n',
      )
      .until(3);
    expect(replies.map(reply => (reply as { data: { pid: number }[] }).data.map(event => event.pid))).toEqual(
      [[1, 2, 3], [2, 3], []],
    );
  });

  it('followed: each one once, after the answer', async () => {
    await up();
    rig.daemon.emit(fakeEvent({ pid: 1 }));
    const client = rig.raw().send('{"cmd":"events","id":1,"params":{"follow":true}}\n');
    await client.until(1);
    rig.daemon.emit(fakeEvent({ pid: 2 }));
    rig.daemon.emit(fakeEvent({ pid: 3 }));
    expect(await client.until(3)).toMatchObject([
      { type: 'response', id: 1, data: [{ pid: 1 }] },
      { type: 'event', data: { pid: 2 } },
      { type: 'event', data: { pid: 3 } },
    ]);
    expect(client.text).not.toContain('uid');
  });

  it('the server lets go of the daemon when it stops', async () => {
    await up();
    await rig.raw().send('{"cmd":"events","params":{"follow":true}}\n').until(1);
    expect(rig.daemon.followerCount).toBe(1);
    await rig.server.stop();
    expect(rig.daemon.followerCount).toBe(0);
  });
});

describe('who may see what', () => {
  const all =
    '{"cmd":"agents"}\n{"cmd":"explain","params":{"pid":2}}\n{"cmd":"events","params":{"follow":true}}\n';
  const uid = process.getuid!();

  async function seen(trust: Trust): Promise<unknown[]> {
    await up({ trust });
    rig.daemon.list = [fakeAgent({ pid: 1, uid }), fakeAgent({ pid: 2, uid: uid + 1 })];
    rig.daemon.emit(fakeEvent({ pid: 1 }), uid);
    rig.daemon.emit(fakeEvent({ pid: 2 }), uid + 1);
    const client = rig.raw().send(all);
    await client.until(3);
    rig.daemon.emit(fakeEvent({ pid: 2 }), uid + 1);
    rig.daemon.emit(fakeEvent({ pid: 1 }), uid);
    return client.until(4);
  }

  it('root and the daemon’s own user: everything', async () => {
    const [agents, explain, events, event] = await seen({ ownUid: uid, adminGid: null });
    expect(agents).toMatchObject({ data: [{ pid: 1 }, { pid: 2 }] });
    expect(explain).toMatchObject({ data: { agent: { pid: 2 } } });
    expect(events).toMatchObject({ data: [{ pid: 1 }, { pid: 2 }] });
    expect(event).toMatchObject({ type: 'event', data: { pid: 2 } });
  });
});

/** Answers what another user gets, asked by a real process of that user. */
async function askAs(uid: number, gid: number, groups: number[], lines: string): Promise<unknown[]> {
  const { spawn } = await import('node:child_process');
  const script = `
    process.setgroups(${JSON.stringify(groups)}); process.setgid(${gid}); process.setuid(${uid});
    const s = require('net').connect(${JSON.stringify(rig.server.socketPath)});
    s.on('data', d => process.stdout.write(d)); s.on('error', e => console.log(JSON.stringify(e.code)));
    s.write(${JSON.stringify(lines)}); setTimeout(() => s.destroy(), 700);`;
  const child = spawn(process.execPath, ['-e', script]);
  let out = '';
  child.stdout.on('data', chunk => (out += chunk));
  await waitFor(() => out.split('\n').length > 10);
  rig.daemon.emit(fakeEvent({ pid: 2 }), 1234);
  rig.daemon.emit(fakeEvent({ pid: 1 }), 4321);
  await new Promise(resolve => child.on('close', resolve));
  return out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}

describe.skipIf(!asRoot)('seen from another user', () => {
  const requests = [
    { cmd: 'agents' },
    { cmd: 'explain', params: { pid: 2 } },
    { cmd: 'record' },
    { cmd: 'events', params: { follow: true } },
    { cmd: 'alerts' },
    { cmd: 'pause_monitoring' },
    { cmd: 'add_whitelist', params: { pattern: 'x' } },
    { cmd: 'clear_alerts' },
    { cmd: 'kill_process', params: { pid: 77 } },
    { cmd: 'actions', params: { limit: 1 } },
    { cmd: 'update_config', params: { actions: { mode: 'auto' } } },
    { cmd: 'update_config', id: 'run', params: { sensor: { bpftrace: '/home/ann/evil' } } },
  ];

  /** The answers by their commands, and what was pushed. */
  async function ask(uid: number, gid: number, groups: number[]) {
    const { chmodSync } = await import('node:fs');
    await up({ trust: { ownUid: 0, adminGid: 777 } });
    chmodSync(rig.dir, 0o755);
    rig.daemon.list = [fakeAgent({ pid: 1, uid: 4321 }), fakeAgent({ pid: 2, uid: 1234 })];
    rig.daemon.alerts = [4321, 1234, null].map((uid, id) =>
      fakeAlert({ id, subject: { ...fakeAlert().subject, uid } }),
    );
    rig.daemon.done = [1234, 4321].map(uid => fakeAction(uid));
    rig.daemon.past = [
      { uid: 4321, event: fakeEvent({ pid: 1 }) },
      { uid: 1234, event: fakeEvent({ pid: 2 }) },
    ];
    const lines = requests.map(request => `${JSON.stringify({ id: request.cmd, ...request })}\n`).join('');
    const messages = (await askAs(uid, gid, groups, lines)) as { type: string; id?: string }[];
    const replies: Record<string, unknown> = Object.fromEntries(
      messages.filter(({ id }) => id !== undefined).map(reply => [reply.id, reply]),
    );
    return { replies, pushed: messages.filter(({ type }) => type === 'event') };
  }

  const denied = { type: 'error', error: { code: 'denied' } };

  it('its own agents only; those of others look absent', async () => {
    const { replies, pushed } = await ask(4321, 4321, []);
    // The engine decides by who the kernel says it is.
    expect(rig.daemon.kills).toMatchObject([{ pid: 77, by: { uid: 4321, gid: 4321 } }]);
    expect(replies).toMatchObject({
      agents: { data: [{ pid: 1 }] },
      explain: { error: { code: 'not_found' } },
      events: { data: [{ pid: 1 }] },
      // What concerns everybody is not for one user; its own alerts are.
      record: denied,
      pause_monitoring: denied,
      add_whitelist: denied,
      update_config: denied,
      run: denied,
      clear_alerts: { data: { cleared: 1 } },
      alerts: { data: [{ id: 2 }, { id: 0 }] },
      // However many of others came later.
      actions: { data: [{ id: 4321 }] },
    });
    expect(rig.daemon.isPaused).toBe(false);
    expect(pushed).toMatchObject([{ type: 'event', data: { pid: 1 } }]);
  });

  it.each<[string, number, number[]]>([
    ['primary group', 777, []],
    ['supplementary group', 4321, [5, 777]],
  ])('everything as a member of the group: %s', async (_, gid, groups) => {
    const { replies, pushed } = await ask(4321, gid, groups);
    expect(replies).toMatchObject({
      agents: { data: [{ pid: 1 }, { pid: 2 }] },
      record: { type: 'response' },
      pause_monitoring: { data: { paused: true } },
      alerts: { data: [{ id: 2 }, { id: 1 }, { id: 0 }] },
      actions: { data: [{ id: 1234 }] },
      update_config: { data: { live: ['actions.mode'] } },
      // What decides what root runs is root's.
      run: denied,
    });
    expect(pushed).toHaveLength(2);
  });

  it('root: what decides what root runs, too', async () => {
    const { replies } = await ask(0, 0, []);
    expect(replies).toMatchObject({ run: { data: { live: ['sensor.bpftrace'] } } });
  });
});

describe('limits', () => {
  it('a client that never reads is dropped; the others get everything in time', async () => {
    await up({ limits: { unsentBytes: 200_000 } });
    const deaf = new RawClient(createConnection({ path: rig.server.socketPath }));
    deaf.socket.pause();
    deaf.send('{"cmd":"events","params":{"follow":true}}\n');
    const good = rig.raw().send('{"cmd":"events","params":{"follow":true}}\n');
    await good.until(1);
    await waitFor(() => rig.server.clientCount === 2);
    for (let i = 0; i < 3000; i++) {
      rig.daemon.emit(fakeEvent({ pid: i + 1 }));
      if (i % 50 === 0) await new Promise(setImmediate);
    }
    expect(await good.until(3001)).toHaveLength(3001);
    await waitFor(() => rig.server.clientCount === 1);
    expect(rig.log).toMatch(/dropped a client: \d+ bytes unread/);
    deaf.socket.destroy();
  });

  it('a client that asks and asks without reading is not listened to', async () => {
    await up({ limits: { pauseBytes: 10_000 } });
    rig.daemon.list = Array.from({ length: 100 }, (_, i) => fakeAgent({ pid: i + 1 }));
    let asked = 0;
    const agents = rig.daemon.list;
    rig.daemon.services.agents.list = () => {
      asked++;
      return inOnePiece(agents);
    };
    const client = rig.raw();
    client.socket.pause();
    client.send('{"cmd":"agents"}\n'.repeat(500));
    await waitFor(() => asked > 0);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(asked).toBeLessThan(100);
    client.socket.resume();
    expect(await client.until(500)).toHaveLength(500);
  });

  it('who asks for agents with thousands of processes keeps nobody from an answer', async () => {
    await up();
    let pieces = 0;
    rig.daemon.services.agents.list = function* () {
      for (; pieces < 10_000; pieces++) yield;
      return [];
    };
    const client = rig.raw();
    client.send('{"id":1,"cmd":"agents"}\n{"id":2,"cmd":"health"}\n');
    const ids = (await client.until(2)).map(reply => (reply as { id: number }).id);
    expect(ids).toEqual([2, 1]);
    expect(pieces).toBe(10_000);
  });

  it('a client that asks much at once waits for its turn: others are served in between', async () => {
    await up();
    let asked = 0;
    rig.daemon.services.agents.list = () => {
      asked++;
      const end = performance.now() + 1;
      while (performance.now() < end);
      return inOnePiece([]);
    };
    const COUNT = 500;
    const other = rig.raw().send('{"cmd":"ping"}\n');
    await other.until(1);
    const requests = Array.from({ length: COUNT }, (_, id) => `{"cmd":"agents","id":${id}}\n`).join('');
    const busy = rig.raw().send(requests);
    await waitFor(() => asked > 0);
    const before = asked;
    other.send('{"cmd":"ping"}\n');
    await other.until(2);
    expect(before).toBeLessThan(COUNT);
    expect(asked).toBeLessThan(COUNT);
    const ids = (await busy.until(COUNT)).map(reply => (reply as { id: number }).id);
    expect(ids).toEqual(Array.from({ length: COUNT }, (_, id) => id));
  });

  it('clients that ask much at once have as much time together as one of them', async () => {
    await up();
    let asked = 0;
    let turns = 0;
    rig.daemon.services.agents.list = () => {
      asked++;
      const end = performance.now() + 1;
      while (performance.now() < end);
      return inOnePiece([]);
    };
    const clients = Array.from({ length: 20 }, () => rig.raw().send('{"cmd":"agents"}\n'.repeat(20)));
    let longest = 0;
    while (asked < 400) {
      const before = asked;
      await new Promise(setImmediate);
      longest = Math.max(longest, asked - before);
      turns++;
    }
    // 5 ms for all, a bit more than five requests of 1 ms each.
    expect(longest).toBeLessThan(20);
    expect(turns).toBeGreaterThan(20);
    for (const client of clients) expect(await client.until(20)).toHaveLength(20);
  });

  it('a client that says goodbye after much is still answered all of it, late answers too', async () => {
    await up({ limits: { pendingReplies: 1 } });
    rig.daemon.services.agents.list = () => {
      const end = performance.now() + 1;
      while (performance.now() < end);
      return inOnePiece([]);
    };
    rig.daemon.services.history.report = async () => {
      await new Promise(resolve => setTimeout(resolve, 50));
      return null;
    };
    const client = rig.raw();
    client.socket.end(
      `{"cmd":"report","id":0}\n${'{"cmd":"agents"}\n'.repeat(100)}{"cmd":"report","id":101}\n`,
    );
    await waitFor(() => client.closed);
    expect(client.messages).toHaveLength(102);
    await waitFor(() => rig.server.clientCount === 0);
  });

  it('memory for unread replies of all together', async () => {
    await up({ limits: { totalUnsentBytes: 1_000_000, unsentBytes: 10_000_000 } });
    rig.daemon.list = Array.from({ length: 2000 }, (_, i) => fakeAgent({ pid: i + 1 }));
    const clients = Array.from({ length: 10 }, () => {
      const client = rig.raw();
      client.socket.pause();
      return client.send('{"cmd":"agents"}\n');
    });
    const live = rig.raw().send('{"cmd":"ping"}\n');
    expect(await live.until(1)).toEqual([{ type: 'pong', id: null }]);
    for (const client of clients) client.socket.resume();
    const replies = await Promise.all(clients.map(async client => (await client.until(1))[0]));
    const told = replies.filter(reply => (reply as { error?: { code: string } }).error?.code === 'not_ready');
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(10);
  });

  it('half requests of all together', async () => {
    await up({ limits: { totalRequestBytes: 300_000 } });
    const clients = Array.from({ length: 5 }, () => rig.raw().send('x'.repeat(100_000)));
    await waitFor(() => clients.some(client => client.closed));
    expect(rig.log).toContain('too many unfinished requests');
    expect(clients.filter(client => !client.closed).length).toBeGreaterThanOrEqual(2);
    for (const client of clients) client.socket.destroy();
  });

  it('half requests that are never finished are not held for ever', async () => {
    await up({ limits: { unfinishedMs: 50 } });
    const idle = rig.raw().send('{"cmd":"ping","id":1}\n');
    await idle.until(1);
    const stuck = rig.raw().send('{"cmd":"ping","id":1}\n{"cm');
    await waitFor(() => stuck.closed);
    expect(stuck.messages).toEqual([{ type: 'pong', id: 1 }]);
    expect(rig.log).toMatch(/dropped a client: .*not finished/);
    // Who has nothing unfinished may be silent for as long as it likes.
    expect(await idle.send('{"cmd":"ping","id":2}\n').until(2)).toContainEqual({ type: 'pong', id: 2 });
  });

  it('of a client that is not listened to nothing piles up, byte for byte', async () => {
    await up({ limits: { pendingReplies: 1 } });
    rig.daemon.services.alerts.all = () => new Promise(() => {});
    const client = rig.raw().send('{"cmd":"alerts","params":{"all":true}}\n');
    await waitFor(() => rig.server.clientCount === 1);
    for (let i = 0; i < 5_000; i++) {
      client.send('x');
      await new Promise(setImmediate);
    }
    // The kernel has no more room for them: nobody reads.
    expect(client.socket.writableLength).toBeGreaterThan(0);
    client.socket.destroy();
  });

  it('a thousand clients that come and go leave nothing behind', async () => {
    await up();
    for (let round = 0; round < 10; round++) {
      const clients = Array.from({ length: 100 }, () => rig.raw().send('{"cmd":"ping"}\n{"cm'));
      await Promise.all(clients.map(client => client.until(1)));
      for (const client of clients) client.socket.destroy();
    }
    await waitFor(() => rig.server.clientCount === 0);
  });
});

describe('the socket', () => {
  it('is for everybody when root serves, else for its user', async () => {
    await up();
    const open = (statSync(rig.server.socketPath).mode & 0o022) !== 0;
    expect(open).toBe(asRoot);
  });
});
