import { expect, it } from 'vitest';
import { alert, HOUR_MS } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

it('one user’s alerts and changes of states are so many rows an hour, and others’ are all there', async () => {
  const rig = new Rig();
  const store = await rig.open();
  const subject = { kind: 'process' as const, name: 'x', processes: [], session: null, lineage: null };
  const opened_ms = rig.now_ms;
  for (let id = 1; id <= 1_000; id++) {
    store.putAlert(alert(id, { opened_ms, updated_ms: opened_ms, subject: { ...subject, uid: 1001 } }));
    store.putAlert(
      alert(id, {
        opened_ms,
        updated_ms: opened_ms + 1,
        status: 'resolved',
        subject: { ...subject, uid: 1001 },
      }),
    );
  }
  store.putAlert(alert(2_000, { opened_ms, updated_ms: opened_ms, subject: { ...subject, uid: 1002 } }));
  for (let i = 0; i < 5_000; i++) store.addTransition(transition(opened_ms + i, 'WORKING'), 1001);
  store.addTransition(transition(opened_ms, 'WAITING'), 1002);
  await store.flush();
  expect(rig.count('alerts')).toBe(241);
  expect(rig.count('transitions')).toBe(3_601);
  expect(store.health().lost).toBe(1_000 - 240 + 5_000 - 3_600);
  rig.now_ms += HOUR_MS;
  store.addTransition(transition(rig.now_ms, 'WORKING'), 1001);
  await store.flush();
  expect(rig.count('transitions')).toBe(3_602);
});
