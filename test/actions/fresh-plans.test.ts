import { expect, it } from 'vitest';
import { FreshPlans } from '../../src/actions/plan/fresh-plans.js';
import type { ActionPlan } from '../../src/model/action.js';
import { alertOf } from './fakes.js';

it('plans are made once for the same news, anew for others, after a second and by other rules', async () => {
  let now_ms = 0;
  let made = 0;
  const fresh = new FreshPlans(
    async () => [{ id: ++made }] as ActionPlan[],
    () => now_ms,
  );
  const alert = alertOf('orphan', []);
  const ids = async (about = alert) => (await fresh.of(about)).map(({ id }) => id);
  expect(await Promise.all([ids(), ids()])).toEqual([[1], [1]]);
  expect(await ids({ ...alert, severity: 'critical' })).toEqual([2]);
  now_ms = 1_000;
  expect(await Promise.all([ids(), ids()])).toEqual([[3], [3]]);
  fresh.forget();
  expect(await ids()).toEqual([4]);
});
