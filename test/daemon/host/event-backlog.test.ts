import { expect, it } from 'vitest';
import { EventBacklog } from '../../../src/daemon/host/event-backlog.js';
import type { MachineEvent } from '../../../src/model/snapshot.js';

const failed = (unit: string) =>
  ({ type: 'unit_failed', time_ms: 1, unit, uid: 0 }) as unknown as MachineEvent;

it('keeps what came while a look took in the others', () => {
  const backlog = new EventBacklog();
  backlog.add([failed('a.service'), failed('b.service')]);
  const taken = backlog.waiting;
  backlog.add([failed('c.service')]);
  expect(taken).toEqual([failed('a.service'), failed('b.service')]);
  backlog.taken(taken);
  expect(backlog.waiting).toEqual([failed('c.service')]);
});
