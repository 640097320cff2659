import { expect, it } from 'vitest';
import type { Lane } from '../../../src/api/socket/lane.js';
import { DEFAULT_LIMITS } from '../../../src/api/socket/limits.js';
import { RequestScheduler, type SchedulerLimits } from '../../../src/api/socket/scheduler.js';
import { WorkBudget } from '../../../src/api/socket/work-budget.js';

/** A clock that only work moves; each piece of it says what it was. */
function bench(limits: Partial<SchedulerLimits> = {}) {
  let now_ms = 0;
  const done: string[] = [];
  const failures: unknown[] = [];
  const scheduler = new RequestScheduler(
    { ...DEFAULT_LIMITS, ...limits },
    error => failures.push(error),
    () => now_ms,
  );
  const add = (lane: Lane, what: string, takes_ms = 1) =>
    scheduler.add(lane, () => {
      now_ms += takes_ms;
      done.push(what);
    });
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
  };
  const wait = (ms: number) => {
    now_ms += ms;
  };
  return { scheduler, done, failures, add, turns, wait };
}

it('root is first, then the group, then users', async () => {
  const { scheduler, done, add, turns } = bench();
  add(scheduler.lane(1000, 'user'), 'user');
  add(scheduler.lane(7, 'admin'), 'admin');
  add(scheduler.lane(0, 'owner'), 'root');
  await turns(3);
  expect(done).toEqual(['root', 'admin', 'user']);
});

it('of users the one who has had least is next, whatever others have lined up', async () => {
  const { scheduler, done, add, turns } = bench({ sliceMs: 1 });
  for (let i = 0; i < 50; i++) add(scheduler.lane(1000, 'user'), 'ann');
  for (let i = 0; i < 5; i++) add(scheduler.lane(1001, 'user'), 'ben');
  await turns(15);
  expect(done.slice(0, 10).filter(who => who === 'ben')).toHaveLength(5);
});

it('a user’s time is limited, and comes again', async () => {
  const { scheduler, done, add, turns, wait } = bench({ userShare: 0.1, userBurstMs: 10 });
  const lane = scheduler.lane(1000, 'user');
  for (let i = 0; i < 100; i++) add(lane, 'ann');
  await turns(50);
  expect(done).toHaveLength(11);
  wait(100);
  add(scheduler.lane(0, 'owner'), 'root');
  await turns(20);
  expect(done.filter(who => who === 'ann').length).toBeGreaterThan(15);
  expect(done.filter(who => who === 'ann').length).toBeLessThan(30);
});

it('root’s is not limited, nor does it keep others waiting for ever', async () => {
  const { scheduler, done, add, turns } = bench({ sliceMs: 5 });
  for (let i = 0; i < 200; i++) add(scheduler.lane(0, 'owner'), 'root', 5);
  add(scheduler.lane(1000, 'user'), 'ann', 5);
  await turns(5);
  expect(done).toContain('ann');
});

it('a piece of work that throws costs itself', async () => {
  const { scheduler, done, failures, add, turns } = bench();
  const lane = scheduler.lane(1000, 'user');
  scheduler.add(lane, () => {
    throw new Error('a bug');
  });
  add(lane, 'next');
  await turns(3);
  expect(done).toEqual(['next']);
  expect(failures).toHaveLength(1);
});

it('work in pieces is done in turns, and charged to the one who asked', async () => {
  const { scheduler, done, add, turns, wait } = bench({ sliceMs: 1, userBurstMs: 1000, userShare: 0.1 });
  const lane = scheduler.lane(1000, 'user');
  const answer = scheduler.inTurns(
    lane,
    (function* () {
      for (let i = 0; i < 5; i++) {
        wait(10);
        done.push('piece');
        yield;
      }
      return 'done';
    })(),
  );
  add(scheduler.lane(1001, 'user'), 'ben');
  await turns(10);
  expect(await answer).toBe('done');
  expect(done.indexOf('ben')).toBeLessThan(3);
  expect(lane.budget.left_ms).toBeLessThan(960);
});

it('a debt has an end', () => {
  let now_ms = 0;
  const budget = new WorkBudget(0.1, 100, () => now_ms);
  budget.spend(1e9);
  now_ms += 10_000;
  expect(budget.wait_ms).toBe(0);
});

it('pings are answered on a machine without time as well: 100 a second, and no more', async () => {
  const { scheduler, done, turns, wait } = bench();
  const lane = scheduler.lane(1000, 'user');
  const ping = () =>
    scheduler.addPing(lane, () => {
      wait(15); // for a processor
      done.push('pong');
    });
  for (let i = 0; i < 300; i++) {
    ping();
    await turns(2);
    wait(5);
  }
  expect(done).toHaveLength(300);
  for (let i = 0; i < 1_000; i++)
    scheduler.addPing(lane, () => {
      done.push('flood');
    });
  await turns(500);
  expect(done.filter(what => what === 'flood').length).toBeLessThanOrEqual(205);
});
