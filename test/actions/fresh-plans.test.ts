import { expect, it } from 'vitest';
import { FreshPlans } from '../../src/actions/plan/fresh-plans.js';
import type { ActionPlan } from '../../src/model/action.js';
import { alertOf } from './fakes.js';

it('plans are made once for the same news, anew for others, after a second and by other rules', () => {
  let now_ms = 0;
  let made = 0;
  const fresh = new FreshPlans(
    () => [{ id: ++made }] as ActionPlan[],
    () => now_ms,
  );
  const alert = alertOf('orphan', []);
  const ids = (about = alert) => fresh.of(about).map(({ id }) => id);
  expect([ids(), ids()]).toEqual([[1], [1]]);
  expect(ids({ ...alert, severity: 'critical' })).toEqual([2]);
  now_ms = 1_000;
  expect([ids(), ids()]).toEqual([[3], [3]]);
  fresh.forget();
  expect(ids()).toEqual([4]);
});
