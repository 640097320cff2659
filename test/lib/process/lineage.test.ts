import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Kin, Lineage } from '../../../src/lib/process/lineage.js';

interface Agent {
  name: string;
  pid: number;
  members: Map<number, null>;
  ending: string | null;
}

const agent = (name: string, pid: number, ...members: number[]): Agent => ({
  name,
  pid,
  members: new Map([pid, ...members].map(member => [member, null])),
  ending: null,
});
const listing = (...rows: Kin[]) => ({ rows, get: (pid: number) => rows.find(row => row.pid === pid) });
const row = (pid: number, ppid: number, start_ticks = pid): Kin => ({ pid, ppid, start_ticks });

it('follows a chain of all processes, listed backwards, without a pass for each of them', () => {
  const lineage = new Lineage<Agent>();
  const root = agent('claude', 1);
  const rows = Array.from({ length: 20_000 }, (_, i) => row(i + 1, i)).reverse();
  const byPid = new Map(rows.map(one => [one.pid, one]));
  const started_ms = performance.now();
  lineage.see({ rows, get: pid => byPid.get(pid) }, [root]);
  expect(lineage.of(20_000)).toBe(root);
  // A pass for each takes half a minute; this takes some 30 ms.
  expect(performance.now() - started_ms).toBeLessThan(5_000);
});

/** Processes and agents as they really are, and what a tracker would know of them. */
class World {
  readonly living = new Map<
    number,
    { ppid: number; start_ticks: number; truth: Agent | null; reaper: boolean }
  >([[1, { ppid: 0, start_ticks: 0, truth: null, reaper: true }]]);
  readonly agents: Agent[] = [];
  private clock = 0;

  pick(seed: number): number {
    return [...this.living.keys()][seed % this.living.size]!;
  }

  fork(ppid: number, pid: number): void {
    const parent = this.living.get(ppid)!;
    this.clock++;
    this.living.set(pid, { ppid, start_ticks: this.clock, truth: parent.truth, reaper: false });
  }

  /** Its children go to the next living reaper above it. */
  exit(pid: number): void {
    let heir = this.living.get(pid)!.ppid;
    while (!this.living.get(heir)!.reaper) heir = this.living.get(heir)!.ppid;
    this.living.delete(pid);
    for (const process of this.living.values()) if (process.ppid === pid) process.ppid = heir;
    for (const one of this.agents) {
      if (one.ending !== null) continue;
      if (one.pid === pid) one.ending = 'it ended';
      else one.members.delete(pid);
    }
  }

  becomeAgent(pid: number): void {
    if (this.agents.some(one => one.pid === pid && one.ending === null)) return;
    // One that execs an agent in place of itself has no children yet.
    if ([...this.living.values()].some(process => process.ppid === pid)) return;
    for (const one of this.agents) if (one.ending === null) one.members.delete(pid);
    const made = agent(`agent ${this.agents.length}`, pid);
    this.agents.push(made);
    this.living.get(pid)!.truth = made;
  }

  listing() {
    const rows = [...this.living].map(([pid, { ppid, start_ticks }]) => ({ pid, ppid, start_ticks }));
    return { rows, get: (pid: number) => rows.find(found => found.pid === pid) };
  }

  truth(): Record<number, string | undefined> {
    return Object.fromEntries([...this.living].map(([pid, { truth }]) => [pid, truth?.name]));
  }

  told(lineage: Lineage<Agent>): Record<number, string | undefined> {
    return Object.fromEntries([...this.living.keys()].map(pid => [pid, lineage.of(pid)?.name]));
  }
}

const step = fc.record({
  what: fc.constantFrom('fork', 'fork', 'fork', 'exit', 'exit', 'agent', 'reaper', 'sample'),
  who: fc.nat(),
  // Few pids, so that they are used again and again.
  pid: fc.integer({ min: 2, max: 14 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function play(
  world: World,
  { what, who, pid }: Step,
  heard: (what: 'fork' | 'exit', pid: number, ppid: number) => void,
) {
  const one = world.pick(who);
  if (what === 'fork' && !world.living.has(pid)) {
    world.fork(one, pid);
    heard('fork', pid, one);
  }
  if (what === 'exit' && one !== 1) {
    world.exit(one);
    heard('exit', one, 0);
  }
  if (what === 'agent' && one !== 1) world.becomeAgent(one);
  if (what === 'reaper') world.living.get(one)!.reaper = true;
}

describe('lineage equals the truth', () => {
  it('with events, however seldom /proc is listed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const world = new World();
        const lineage = new Lineage<Agent>();
        for (const each of steps) {
          play(world, each, (what, pid, ppid) => {
            if (what === 'exit') return lineage.exit(pid);
            const owner = world.agents.find(one => one.ending === null && one.members.has(ppid));
            owner?.members.set(pid, null);
            lineage.fork(ppid, pid, owner);
          });
          if (each.what === 'sample') lineage.see(world.listing(), world.agents);
        }
        lineage.see(world.listing(), world.agents);
        expect(world.told(lineage)).toEqual(world.truth());
      }),
      { numRuns: 2000 },
    );
  });

  it('without events, by the parents in listings', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const world = new World();
        const lineage = new Lineage<Agent>();
        for (const each of steps) {
          play(world, each, () => {});
          lineage.see(world.listing(), world.agents);
        }
        expect(world.told(lineage)).toEqual(world.truth());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the descendants of a session', () => {
  it('stay its own after setsid, double fork and its end', () => {
    const claude = agent('claude', 10);
    const lineage = new Lineage<Agent>();
    lineage.see(listing(row(1, 0), row(10, 1)), [claude]);
    lineage.fork(10, 11, claude);
    lineage.fork(11, 12, claude);
    lineage.exit(11);
    claude.ending = 'killed';
    lineage.exit(10);
    lineage.fork(12, 13, undefined);
    lineage.see(listing(row(1, 0), row(12, 1), row(13, 12)), [claude]);
    expect([12, 13].map(pid => lineage.of(pid))).toEqual([claude, claude]);
    // The tracker has long forgotten the session.
    lineage.see(listing(row(1, 0), row(13, 1), row(14, 13)), []);
    expect([12, 13, 14].map(pid => lineage.of(pid))).toEqual([undefined, claude, claude]);
  });

  it('are taken over at its end when no event came', () => {
    const claude = agent('claude', 10, 11, 12);
    claude.ending = 'gone';
    const lineage = new Lineage<Agent>();
    lineage.see(listing(row(1, 0), row(12, 1)), [claude]);
    expect(lineage.of(12)).toBe(claude);
  });

  it('do not take in whoever gets their pid, though the tracker still lists it', () => {
    const claude = agent('claude', 10, 11);
    const lineage = new Lineage<Agent>();
    lineage.see(listing(row(1, 0), row(10, 1), row(11, 10)), [claude]);
    lineage.see(listing(row(1, 0), row(10, 1), row(11, 1, 99)), [claude]);
    lineage.see(listing(row(1, 0), row(10, 1), row(11, 1, 99)), [claude]);
    expect(lineage.of(11)).toBeUndefined();
  });

  it('do not include an older process whose parent’s pid was given anew', () => {
    const claude = agent('claude', 10);
    const lineage = new Lineage<Agent>();
    lineage.see(listing(row(10, 1, 50), row(11, 10, 40)), [claude]);
    expect(lineage.of(11)).toBeUndefined();
  });

  it('do not include a new process that has the pid of an agent that ended', () => {
    const claude = agent('claude', 10);
    claude.ending = 'gone';
    const lineage = new Lineage<Agent>();
    lineage.fork(1, 10, claude);
    expect(lineage.of(10)).toBeUndefined();
  });

  it('are forgotten when no listing shows them', () => {
    const claude = agent('claude', 10);
    const lineage = new Lineage<Agent>();
    lineage.see(listing(row(10, 1)), [claude]);
    lineage.fork(10, 11, claude);
    lineage.see(listing(row(10, 1)), [claude]);
    expect(lineage.of(11)).toBe(claude);
    lineage.see(listing(row(10, 1)), [claude]);
    expect(lineage.of(11)).toBeUndefined();
  });
});

describe('a helper that serves several sessions', () => {
  it('belongs to its starter while that lives, and to nobody after, with what it runs', () => {
    const codex = agent('codex', 10);
    const lineage = new Lineage<Agent>(pid => pid === 20);
    const helper = [row(20, 1), row(21, 20), row(22, 21)];
    lineage.see(listing(row(10, 1), row(20, 10), row(21, 20), row(22, 21)), [codex]);
    expect([20, 21, 22].map(pid => lineage.of(pid)?.name)).toEqual(['codex', 'codex', 'codex']);
    codex.ending = 'quit';
    lineage.exit(10);
    lineage.see(listing(...helper), [codex]);
    expect([20, 21, 22].map(pid => lineage.of(pid))).toEqual([undefined, undefined, undefined]);
    lineage.fork(20, 23, undefined);
    lineage.see(listing(...helper, row(23, 20)), []);
    expect(lineage.of(23)).toBeUndefined();
  });

  it('leaves what ran away from it to the session that it came from', () => {
    const codex = agent('codex', 10);
    const lineage = new Lineage<Agent>(pid => pid === 20);
    lineage.see(listing(row(10, 1), row(20, 10), row(21, 20)), [codex]);
    codex.ending = 'quit';
    lineage.see(listing(row(20, 1), row(21, 1)), [codex]);
    expect([20, 21].map(pid => lineage.of(pid)?.name)).toEqual([undefined, 'codex']);
  });
});
