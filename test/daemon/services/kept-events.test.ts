import { expect, it } from 'vitest';
import { KeptEvents } from '../../../src/daemon/services/kept-events.js';
import { fakeEvent } from '../../api/fake-daemon.js';

it('a user with many events pushes out his own, nobody else’s', () => {
  const kept = new KeptEvents(10);
  for (let pid = 1; pid <= 3; pid++) kept.add({ uid: 0, event: fakeEvent({ pid }) });
  for (let pid = 100; pid < 200; pid++) kept.add({ uid: 1000, event: fakeEvent({ pid }) });
  const pids = kept.all().map(({ event }) => (event as { pid: number }).pid);
  expect(pids).toEqual([1, 2, 3, 193, 194, 195, 196, 197, 198, 199]);
});

it('who had most and has least now is not asked for more', () => {
  const kept = new KeptEvents(2);
  for (const uid of [1, 2, 3, 3, 2, 1, null, null]) kept.add({ uid, event: fakeEvent() });
  expect(kept.all()).toHaveLength(2);
});
