import { expect, it } from 'vitest';
import { findAlert } from '../../src/api/commands/alerts/find-alert.js';
import { VIGIL } from '../../src/store/asker.js';
import { FakeDaemon, fakeAlert } from './fake-daemon.js';

const daemon = new FakeDaemon();
const { services } = daemon;
const subject = (uid: number | null) => ({ ...fakeAlert().subject, uid });
daemon.alerts = [
  fakeAlert({ id: 1, subject: subject(1000) }),
  fakeAlert({ id: 2, subject: subject(null) }),
  fakeAlert({ id: 3, subject: subject(1001) }),
  fakeAlert({ id: 4, subject: subject(1000), status: 'resolved', resolved_ms: 1 }),
];

it('an alert is found by its number, open or over; one of somebody else is as good as none', async () => {
  const viewer = { kind: 'user', uid: 1000 } as const;
  const asked = [1, 2, 3, 4, 5].map(id =>
    findAlert(id, services, { viewer, asker: VIGIL }).catch(error => error.code),
  );
  const [own, machine, theirs, over, none] = await Promise.all(asked);
  expect([own, machine, over]).toMatchObject([{ id: 1 }, { id: 2 }, { id: 4 }]);
  expect([theirs, none]).toEqual(['not_found', 'not_found']);
  expect(await findAlert(3, services, { viewer: { kind: 'all' }, asker: VIGIL })).toMatchObject({ id: 3 });
});
