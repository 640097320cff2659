import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Autopilot } from '../../src/actions/autopilot.js';
import { targetsOf } from '../../src/actions/plan/merge.js';
import type { Order } from '../../src/actions/run/executor.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import type { ActionPlan, ActionResult, ProcessOutcome, Scope } from '../../src/model/action.js';
import { actionsConfig } from './engine-rig.js';
import { alertOf, live } from './fakes.js';

/** The turns of auto, with a clock that is set by hand. */
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function rig(counts: { pids: number[]; scope?: Scope; allowed?: boolean }[], keys: Record<string, unknown>) {
  const done: number[][] = [];
  const state: {
    outcome: ActionResult['outcome'];
    processes: ProcessOutcome[];
    keys: Record<string, unknown>;
  } = {
    outcome: 'done',
    processes: [],
    keys,
  };
  const plans = counts.map(({ pids, scope = 'process', allowed = true }) => {
    const targets = pids.map(pid => live(pid));
    const step = { kind: 'terminate', scope, root: targets[0], pgid: 0, cgroup: null, targets, force: false };
    return { type: 'kill_process', verdict: { allowed, risk: 'safe', reason: '', steps: [step] } };
  });
  const autopilot = new Autopilot({
    propose: async () => plans as unknown as ActionPlan[],
    execute: async (order: Order) => {
      done.push(targetsOf(order.verdict.steps).map(({ pid }) => pid));
      return { time_ms: 0, outcome: state.outcome, processes: state.processes, after: null, message: '' };
    },
    config: () => actionsConfig({ mode: 'auto', ...state.keys }),
    logger: silentLogger(),
    now: () => Date.now(),
  });
  return { autopilot, done, state };
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

it('what was refused is tried again, less and less often, and is done when it can be', async () => {
  const { autopilot, done, state } = rig([{ pids: [10, 11] }], { max_per_minute: 2 });
  state.outcome = 'refused';
  autopilot.take(alertOf('orphan', []));
  await autopilot.settled();
  expect(done).toEqual([[10, 11]]);
  await vi.advanceTimersByTimeAsync(16_000);
  // What was not done takes nothing of the limit.
  expect(done).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(done.length).toBeGreaterThan(5);
  expect(done.length).toBeLessThan(20);
  state.outcome = 'done';
  await vi.advanceTimersByTimeAsync(600_000);
  const tries = done.length;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(done).toHaveLength(tries);
});

it('news of an alert do not shorten the wait, and one that is resolved waits no more', async () => {
  const { autopilot, done, state } = rig([{ pids: [10] }], {});
  state.outcome = 'refused';
  const alert = alertOf('orphan', []);
  for (let i = 0; i < 10; i++) {
    autopilot.take(alert);
    await autopilot.settled();
  }
  expect(done).toHaveLength(1);
  autopilot.forget(alert.id);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(done).toHaveLength(1);
});

it('a dry run is told once, and is followed by the deed when it is switched off', async () => {
  const { autopilot, done, state } = rig([{ pids: [10, 11] }], { dry_run: true });
  state.outcome = 'dry_run';
  const alert = alertOf('orphan', []);
  for (let i = 0; i < 3; i++) {
    autopilot.take(alert);
    await autopilot.settled();
  }
  expect(done).toHaveLength(1);
  state.outcome = 'done';
  state.keys = {};
  autopilot.configured();
  autopilot.take(alert);
  await autopilot.settled();
  expect(done).toEqual([
    [10, 11],
    [10, 11],
  ]);
  autopilot.take(alert);
  await autopilot.settled();
  expect(done).toHaveLength(2);
});

it('of an action that failed in part only those are tried again that were not signalled', async () => {
  const { autopilot, done, state } = rig([{ pids: [10, 11, 12] }], {});
  state.outcome = 'partly';
  const one = (pid: number, signals: string[]): ProcessOutcome => ({
    process: live(pid),
    fate: 'survived',
    signals,
    took_ms: null,
    note: null,
  });
  state.processes = [one(10, ['SIGTERM', 'SIGKILL']), one(11, [])];
  autopilot.take(alertOf('orphan', []));
  await autopilot.settled();
  state.outcome = 'done';
  state.processes = [];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(done).toEqual([[10, 11, 12], [11]]);
});
