import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sleep, until } from './desktop.js';
import { FakeServer } from './fake-server.js';
import { HelperRig, helperAgent, helperConfig, nowMs, type Overrides } from './helper-rig.js';
import { CAN_BE_USERS, ended, hasProgram, Installed, User } from './user.js';

/** A helper whose configuration changes while it shows something. */

describe.skipIf(!CAN_BE_USERS || !hasProgram('dbus-daemon'))('another configuration for a helper', () => {
  let installed: Installed;
  let user: User;
  let server: FakeServer;
  let bus: ReturnType<User['spawn']>;
  let helper: HelperRig;

  beforeAll(async () => {
    installed = new Installed();
    user = new User('vigilconf');
    const path = join(user.runtime, 'bus');
    const args = ['--session', '--nofork', '--nosyslog', `--address=unix:path=${path}`];
    bus = user.spawn(['dbus-daemon', ...args]);
    await until('the bus', () => existsSync(path));
    server = new FakeServer(user, installed, `unix:path=${path}`);
  }, 30_000);
  afterEach(async () => {
    await helper.end();
    expect(helper.stderr).toBe('');
    await server.stop();
  });
  afterAll(async () => {
    if (bus !== undefined) await ended(bus);
    await user?.stop();
    installed?.remove();
  });

  const configure = (over: Overrides) => helper.send({ type: 'config', config: helperConfig(over) });
  const badges = (name: string) => {
    const folder = join(user.runtime, name);
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const asking = () =>
    helperAgent({ state: 'WAITING', reason: 'approval', since_ms: nowMs(), asks: 'Bash: x' });

  it('leaves the popup that is there, and shows none twice', async () => {
    await server.start();
    helper = HelperRig.start(user, installed);
    helper.agents(asking());
    await until('a popup', () => server.notified()[0]);
    configure({ notifications: { snooze_minutes: 7 } });
    configure({ notifications: { min_work_seconds: 3 } });
    await sleep(300);
    expect(server.notified()).toHaveLength(1);
    expect(server.closed()).toEqual([]);
  });

  it('takes popups away when they are switched off, and shows what is still asked when they are on again', async () => {
    await server.start();
    helper = HelperRig.start(user, installed);
    helper.agents(asking());
    await until('a popup', () => server.notified()[0]);
    configure({ notifications: { enabled: false } });
    await until('it to go', () => server.closed().length === 1);
    configure({});
    await until('it to come back', () => server.notified()[1]);
  });

  it('moves badges to where they belong now', async () => {
    helper = HelperRig.start(user, installed);
    helper.agents(helperAgent());
    await until('a badge', () => badges('vigil-sessions').length === 1);
    configure({ badges: { session_directory: 'elsewhere' } });
    await until('it to move', () => badges('elsewhere').length === 1);
    expect(badges('vigil-sessions')).toEqual([]);
    configure({ badges: { enabled: false } });
    await until('it to go', () => badges('elsewhere').length === 0);
    rmSync(join(user.runtime, 'elsewhere'), { recursive: true, force: true });
  });

  it('wakes a helper that had nothing to show', async () => {
    const off = { notifications: { enabled: false }, badges: { enabled: false } };
    helper = HelperRig.start(user, installed, off);
    helper.agents(helperAgent());
    await sleep(200);
    expect(badges('vigil-sessions')).toEqual([]);
    configure({});
    await until('a badge', () => badges('vigil-sessions').length === 1);
  });
});
