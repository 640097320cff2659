import { afterEach, describe, expect, it } from 'vitest';
import { fakeAlert } from './fake-daemon.js';
import { Rig } from './rig.js';

let rig: Rig;
afterEach(() => rig.stop());

const subject = (uid: number | null) => ({ ...fakeAlert().subject, uid });
const ids = (reply: unknown) => (reply as { data: { id: number }[] }).data.map(({ id }) => id);

describe('alerts', () => {
  const uid = process.getuid!();
  const alerts = [
    fakeAlert({ id: 1, severity: 'warning', subject: subject(uid) }),
    fakeAlert({ id: 2, severity: 'critical', subject: subject(null) }),
    fakeAlert({ id: 3, severity: 'critical', subject: subject(uid + 1) }),
    fakeAlert({ id: 4, status: 'resolved', resolved_ms: Date.parse('2026-11-20T12:01:00Z') }),
  ];

  it('the open ones, the worst first, with times that people can read', async () => {
    rig = await Rig.start({ trust: { ownUid: uid, adminGid: null } });
    rig.daemon.alerts = alerts;
    const [reply] = await rig.raw().send('{"cmd":"alerts","id":1}\n').until(1);
    expect(ids(reply)).toEqual([3, 2, 1]);
    expect(reply).toMatchObject({ data: [{ opened: '2026-11-20T12:00:00.000Z', resolved: null }, {}, {}] });
  });

  it('those of the history too, the latest first', async () => {
    rig = await Rig.start({ trust: { ownUid: uid, adminGid: null } });
    rig.daemon.alerts = alerts;
    const lines =
      '{"cmd":"alerts","params":{"all":true}}\n{"cmd":"alerts","params":{"all":true,"limit":2}}\n';
    const [all, two] = await rig.raw().send(lines).until(2);
    expect(ids(all)).toEqual([4, 3, 2, 1]);
    expect(ids(two)).toEqual([4, 3]);
  });

  it('asked for faster than they can be answered: all are answered, none is lost', async () => {
    rig = await Rig.start();
    let open: (() => void)[] = [];
    rig.daemon.services.alerts.all = () => new Promise(resolve => open.push(() => resolve([])));
    const client = rig.raw();
    for (let id = 1; id <= 30; id++) client.send(`{"cmd":"alerts","id":${id},"params":{"all":true}}\n`);
    const until = async (ready: () => boolean) => {
      for (let i = 0; i < 200 && !ready(); i++) await new Promise(resolve => setTimeout(resolve, 10));
    };
    await until(() => open.length >= 8);
    // The rest waits unread.
    expect(open).toHaveLength(8);
    for (let round = 0; round < 10; round++) {
      for (const answer of open.splice(0)) answer();
      await until(() => open.length > 0 || client.text.split('\n').length > 30);
    }
    open = [];
    const replies = await client.until(30);
    expect(replies.map(reply => (reply as { id: number }).id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  });
});
