import { chownSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Misbehaving } from '../helpers/misbehaving.js';
import { Daemon } from './daemon.js';
import { Desktop, HAS_DESKTOP, until } from './desktop.js';
import { CAN_BE_USERS, ended, Installed, ROOT, User } from './user.js';

const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[detection.hang]
duration_s = 1
`;

/** The whole way: a process of a user hangs, the daemon of root notices, and that user's desktop shows it. */
describe.skipIf(!CAN_BE_USERS || !HAS_DESKTOP)('a program that misbehaves, on its user’s desktop', () => {
  let installed: Installed;
  let user: User;
  let desktop: Desktop;
  let daemon: Daemon;
  const others = new Misbehaving();

  beforeAll(async () => {
    installed = new Installed();
    user = new User('vigilguard');
    desktop = new Desktop(user, installed);
    daemon = new Daemon(installed);
    user.servedBy(daemon.runtimeDir);
    await desktop.startBus();
    await Promise.all([desktop.startSway(), daemon.start(CONFIG, ['hang'])]);
    await desktop.startNotifications();
    await desktop.spy();
  }, 60_000);

  afterAll(async () => {
    others.remove();
    await daemon?.stop();
    await user?.stop();
    daemon?.remove();
    installed?.remove();
  });

  it('is one popup, the next daemon’s too, which goes when it is over; root’s own is for root', async () => {
    const roots = await others.start('hung.py');
    const opened = async (pid: number) =>
      JSON.stringify(await daemon.ask(client => client.call('alerts'))).includes(`"pid":${pid},`);
    await until('the alert about root’s', () => opened(roots.pid), 20_000);
    const program = join(user.home, 'hung.py');
    copyFileSync(join(ROOT, 'test/fixtures/hung.py'), program);
    chownSync(program, user.uid, user.gid);
    const hung = user.spawn(['python3', program]);
    const name = `hung.py (pid ${hung.pid})`;
    const popup = await until(
      'a popup',
      () => desktop.notified().find(({ body }) => body.includes(name)),
      30_000,
    );
    expect(popup.summary).toMatch(/^vigil: alert/);
    expect(popup.body).toMatch(/hangs in the kernel[\s\S]*state D[\s\S]*threshold 1 s[\s\S]*→ /);

    await daemon.stop();
    await until('the popup to go with its daemon', () => desktop.closed().includes(popup.id));
    await daemon.start(CONFIG, ['hang']);
    const again = await until('the popup of the next one', () => desktop.notified()[1], 20_000);
    expect([again.summary, again.body.includes(name)]).toEqual([popup.summary, true]);

    await ended(hung, 0);
    await until('it to go', () => desktop.closed().includes(again.id), 40_000);
    expect(desktop.notified().map(({ id }) => id)).toEqual([popup.id, again.id]);
  }, 120_000);
});
