import { afterEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/api/socket/limits.js';
import { fakeAgent, fakeEvent, inOnePiece } from '../fake-daemon.js';
import { type RawClient, Rig, waitFor } from '../rig.js';
import { ANN, BEN, UserClients } from '../users.js';

const asRoot = process.getuid!() === 0;

let rig: Rig;
let users: UserClients;
async function up(limits: Partial<Limits> = {}): Promise<void> {
  rig = await Rig.start({ limits, trust: { ownUid: 0, adminGid: null } });
  users = new UserClients(rig);
}
afterEach(async () => {
  users.stop();
  await rig.stop();
});

const COST_MS = 10;

/** What `agents` answers takes a while, and says for whom. */
function makeCostly(): Map<string, number> {
  const answered = new Map<string, number>();
  rig.daemon.services.agents.list = viewer => {
    const who = viewer.kind === 'user' ? String(viewer.uid) : 'root';
    answered.set(who, (answered.get(who) ?? 0) + 1);
    const end = performance.now() + COST_MS;
    while (performance.now() < end);
    return inOnePiece([]);
  };
  return answered;
}

const AGENTS = { cmd: 'agents' };
const total = (answered: Map<string, number>) => [...answered.values()].reduce((sum, one) => sum + one, 0);

async function ping(client: RawClient): Promise<void> {
  const before = client.messages.length;
  client.send('{"cmd":"ping"}\n');
  await client.until(before + 1);
}

describe.runIf(asRoot)('a user who asks for much, over many connections', () => {
  it('has one request answered at most before root’s', async () => {
    await up({ userShare: 1, usersShare: 1 });
    const answered = makeCostly();
    const root = rig.raw();
    await ping(root);
    await users.start(ANN, 50, AGENTS, 'loop');
    await waitFor(() => total(answered) > 20, 20_000);
    for (let i = 0; i < 20; i++) {
      const before = total(answered);
      await ping(root);
      // The one under way when it comes, and one that is as old as it is.
      expect(total(answered) - before).toBeLessThanOrEqual(3);
    }
  });

  it('gets a share of the daemon’s time, and no more', async () => {
    await up({ userShare: 0.15, userBurstMs: 100 });
    const answered = makeCostly();
    await users.start(ANN, 50, AGENTS, 'loop');
    await waitFor(() => total(answered) >= 100 / COST_MS, 20_000);
    const before = total(answered);
    const begin_ms = performance.now();
    await waitFor(() => performance.now() - begin_ms > 2000);
    const share = ((total(answered) - before) * COST_MS) / (performance.now() - begin_ms);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.3);
  });

  it('gets no more than one who has a single connection', async () => {
    await up({ usersShare: 0.5, usersBurstMs: 100, userShare: 0.5, userBurstMs: 100 });
    const answered = makeCostly();
    await users.start(ANN, 100, AGENTS, 'loop');
    await waitFor(() => total(answered) > 10, 20_000);
    answered.clear();
    await users.start(BEN, 1, AGENTS, 'loop');
    await waitFor(() => (answered.get(String(BEN)) ?? 0) >= 20, 20_000);
    answered.clear();
    await waitFor(() => total(answered) >= 60, 30_000);
    expect(answered.get(String(BEN))!).toBeGreaterThan(15);
  });

  it('whose time is used up is still told that vigil is there', async () => {
    await up({ userShare: 0.001, userBurstMs: 50 });
    makeCostly();
    const busy = await users.start(ANN, 2, AGENTS, 'loop');
    await waitFor(() => rig.server.scheduler.lane(ANN, 'user').isSpent);
    const pings = await users.start(ANN, 5, { cmd: 'ping', id: 1 });
    while ((await pings.counts()).lines < 5) await new Promise(resolve => setTimeout(resolve, 20));
    expect((await busy.counts()).closed).toBe(0);
  });

  it('who sends a byte at a time is not listened to when reading them has used up his time', async () => {
    await up({ userShare: 0.001, userBurstMs: 20, unfinishedMs: 60_000 });
    const { counts } = await users.start(ANN, 10, null, 'drip');
    await waitFor(() => rig.server.scheduler.lane(ANN, 'user').isSpent);
    // What the kernel keeps of them is soon full.
    let before = -1;
    for (let sent = 0; sent !== before; sent = (await counts()).sent) {
      before = sent;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect((await counts()).closed).toBe(0);
    await ping(rig.raw());
  }, 20_000);

  it('follows events with many clients: root is told of them all, and answered in between', async () => {
    await up();
    const root = rig.raw().send('{"cmd":"events","params":{"follow":true}}\n');
    await root.until(1);
    const followers = await users.start(ANN, 100, { cmd: 'events', params: { follow: true } });
    await waitFor(() => rig.server.clientCount === 101);
    while ((await followers.counts()).lines < 100) await new Promise(resolve => setTimeout(resolve, 20));
    const other = rig.raw();
    let pings = 0;
    for (let i = 0; i < 5_000; i++) {
      rig.daemon.emit(fakeEvent({ pid: i + 1 }), ANN);
      if (i % 50 !== 0) continue;
      await ping(other);
      pings++;
    }
    expect(pings).toBe(100);
    await waitFor(() => root.messages.length === 5_001, 20_000);
  }, 30_000);
});

describe.runIf(asRoot)('places', () => {
  const HELLO = { cmd: 'ping' };

  it('are there for root when users have taken all of theirs', async () => {
    await up({ clients: 20, clientsPerUser: 10, reservedClients: 2 });
    await users.start(ANN, 10, HELLO);
    await users.start(BEN, 10, HELLO);
    await waitFor(() => rig.server.clientCount === 20);
    const roots = [1, 2, 3].map(() => rig.raw());
    for (const root of roots) {
      await ping(root);
      expect(root.messages).toEqual([{ type: 'pong', id: null }]);
    }
  });

  it('are shared by users: who has most loses one to who has none', async () => {
    await up({ clients: 10, clientsPerUser: 10 });
    const ann = await users.start(ANN, 10, HELLO);
    await waitFor(() => rig.server.clientCount === 10);
    const ben = await users.start(BEN, 5, HELLO);
    while ((await ben.counts()).lines < 5) await new Promise(resolve => setTimeout(resolve, 20));
    expect((await ben.counts()).closed).toBe(0);
    expect(rig.server.clientCount).toBe(10);
    while ((await ann.counts()).closed < 5) await new Promise(resolve => setTimeout(resolve, 20));
    // Both have the same now: nobody takes more.
    const more = await users.start(BEN, 1, HELLO);
    while ((await more.counts()).closed < 1) await new Promise(resolve => setTimeout(resolve, 20));
  });

  it('of who follows something are not given away while others are silent', async () => {
    await up({ clients: 4, clientsPerUser: 4 });
    const follower = await users.start(ANN, 1, { cmd: 'events', params: { follow: true } });
    const silent = await users.start(ANN, 3, HELLO);
    await waitFor(() => rig.server.clientCount === 4);
    await users.start(BEN, 2, HELLO);
    while ((await silent.counts()).closed < 2) await new Promise(resolve => setTimeout(resolve, 20));
    expect((await follower.counts()).closed).toBe(0);
  });
});

describe('a client', () => {
  it('that asks nothing and is sent nothing is let go; one that follows is not', async () => {
    await up({ idleMs: 200 });
    const silent = rig.raw();
    await ping(silent);
    const follower = rig.raw().send('{"cmd":"events","params":{"follow":true}}\n');
    await follower.until(1);
    await waitFor(() => silent.closed);
    expect(silent.messages.at(-1)).toMatchObject({ error: { code: 'busy' } });
    expect(follower.closed).toBe(false);
  });
});

it.runIf(asRoot)('memory for half requests is not one user’s alone', async () => {
  await up({ totalRequestBytes: 1_000_000 });
  const half = `{"cmd":"ping","id":"${'x'.repeat(100_000)}`;
  const ann = await users.start(ANN, 12, { half }, 'half');
  while ((await ann.counts()).closed === 0) await new Promise(resolve => setTimeout(resolve, 20));
  const root = [1, 2, 3].map(() => rig.raw().send(half));
  await ping(rig.raw());
  for (const client of root) expect((await client.send('"}\n').until(1))[0]).toMatchObject({ type: 'error' });
});

it.runIf(asRoot)('who does not read many long answers is told so, and not thrown out', async () => {
  await up({ totalUnsentBytes: 4_000_000, userShare: 1, usersShare: 1 });
  rig.daemon.services.agents.list = () =>
    inOnePiece(Array.from({ length: 5_000 }, (_, pid) => fakeAgent({ pid, uid: ANN })));
  const many = await users.start(ANN, 10, AGENTS);
  while ((await many.counts()).lines < 10) await new Promise(resolve => setTimeout(resolve, 20));
  expect((await many.counts()).closed).toBe(0);
});
