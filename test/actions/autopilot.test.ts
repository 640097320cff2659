import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Autopilot } from '../../src/actions/autopilot.js';
import type { Order } from '../../src/actions/executor.js';
import { targetsOf } from '../../src/actions/merge.js';
import type { ActionPlan, Scope } from '../../src/actions/model.js';
import { silentLogger } from '../../src/log/logger.js';
import { actionsConfig } from './engine-rig.js';
import { alertOf, live } from './fakes.js';

/** The turns of auto, with a clock that is set by hand. */
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function rig(counts: { pids: number[]; scope?: Scope; allowed?: boolean }[], keys: Record<string, unknown>) {
  const done: number[][] = [];
  const plans = counts.map(({ pids, scope = 'process', allowed = true }) => {
    const targets = pids.map(pid => live(pid));
    const step = { kind: 'terminate', scope, root: targets[0], pgid: 0, cgroup: null, targets, force: false };
    return { type: 'kill_process', verdict: { allowed, risk: 'safe', reason: '', steps: [step] } };
  });
  const autopilot = new Autopilot({
    propose: () => plans as unknown as ActionPlan[],
    execute: async (order: Order) => {
      done.push(targetsOf(order.verdict.steps).map(({ pid }) => pid));
      return { time_ms: 0, outcome: 'done', processes: [], after: null, message: '' };
    },
    config: () => actionsConfig({ mode: 'auto', ...keys }),
    logger: silentLogger(),
    now: () => Date.now(),
  });
  return { autopilot, done };
}

it('what the limit held back has its turn by itself', async () => {
  const { autopilot, done } = rig([{ pids: [10, 11, 12, 13, 14] }], { max_per_minute: 2 });
  autopilot.take(alertOf('orphan', []));
  await autopilot.settled();
  expect(done).toEqual([[10, 11]]);
  await vi.advanceTimersByTimeAsync(59_000);
  expect(done).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(done).toEqual([
    [10, 11],
    [12, 13],
  ]);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(done.at(-1)).toEqual([14]);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(done).toHaveLength(3);
});

it('a resolved alert has no further turn', async () => {
  const { autopilot, done } = rig([{ pids: [10, 11, 12] }], { max_per_minute: 2 });
  const alert = alertOf('orphan', []);
  autopilot.take(alert);
  await autopilot.settled();
  autopilot.forget(alert.id);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(done).toEqual([[10, 11]]);
});

it('a group is ended as a whole or not at all, and one above the limit is a matter for persons', async () => {
  const { autopilot, done } = rig(
    [
      { pids: [10, 11, 12, 13], scope: 'group' },
      { pids: [20, 21], scope: 'group' },
      { pids: [30, 31], scope: 'tree' },
    ],
    { max_per_minute: 3 },
  );
  autopilot.take(alertOf('fork_bomb', []));
  await autopilot.settled();
  expect(done).toEqual([[20, 21]]);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(done).toEqual([
    [20, 21],
    [30, 31],
  ]);
});

it('what is not allowed is not executed, and nothing is after stop', async () => {
  const { autopilot, done } = rig([{ pids: [10], allowed: false }, { pids: [11] }], {});
  autopilot.take(alertOf('orphan', []));
  await autopilot.settled();
  expect(done).toEqual([[11]]);
  await autopilot.stop();
  autopilot.take({ ...alertOf('orphan', []), id: 8, key: 'other' });
  await autopilot.settled();
  expect(done).toHaveLength(1);
});
