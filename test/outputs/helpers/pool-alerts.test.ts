import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/lib/log/logger.js';
import { clock } from '../../../src/lib/time/time.js';
import type { Alert } from '../../../src/model/alert.js';
import { sleep, until } from '../desktop/desktop.js';
import { FakeServer } from '../desktop/fake-server.js';
import { CAN_BE_USERS, hasProgram, Installed, User } from '../desktop/user.js';
import { PoolRig } from './pool-rig.js';

/** Alerts on their way from the daemon, which is root here, to the screen of the user whom they concern. */
describe.skipIf(!CAN_BE_USERS || !hasProgram('dbus-daemon'))('helpers', () => {
  let installed: Installed;
  let user: User;
  let server: FakeServer;
  let rig: PoolRig;
  const log: string[] = [];

  beforeAll(async () => {
    installed = new Installed();
    user = new User('vigilhands');
    user.spawn([
      'dbus-daemon',
      '--session',
      '--nofork',
      '--nosyslog',
      `--address=unix:path=${user.runtime}/bus`,
    ]);
    await until('the bus', () => existsSync(join(user.runtime, 'bus')));
    server = new FakeServer(user, installed, `unix:path=${user.runtime}/bus`);
    await server.start();
    rig = new PoolRig({
      logger: createLogger({ level: 'info', format: 'json', write: text => void log.push(text) }),
      procRoot: '/proc',
      runtimeDir: '/nonexistent',
      place: {
        euid: 0,
        node: process.execPath,
        script: installed.helper,
        runtimeBase: join(user.runtime, '..'),
        boot_ms: clock.boot_ms,
        env: {},
      },
    });
    rig.pool.start();
  }, 150_000);

  afterEach(() => expect(log.filter(line => line.includes('protocol'))).toEqual([]));

  afterAll(async () => {
    await rig?.pool.stop();
    await user?.stop();
    installed?.remove();
  });

  const alert = (id: number, uid: number | null, over: Partial<Alert> = {}): Alert => ({
    id,
    rule: 'orphans',
    key: `orphans ${id}`,
    status: 'open',
    severity: 'high',
    title: `alert ${id}`,
    text: 'a text',
    suggestion: null,
    subject: { kind: 'process', name: 'node', uid, processes: [], session: null, lineage: null },
    numbers: {},
    opened_ms: 1,
    updated_ms: 2,
    resolved_ms: null,
    ...over,
  });
  const over = (one: Alert): Alert => ({ ...one, status: 'resolved', resolved_ms: 3 });
  const shown = () => server.notified().map(({ body }) => body.split('\n')[0]);

  it('there is none for a machine’s alert alone, and one for a user’s, who sees both and no other’s', async () => {
    rig.alerts(alert(1, null));
    await sleep(100);
    expect(rig.states()).toEqual([]);
    // Mild ones are for the tray of whoever has one; and processes may name the daemon that is to serve them.
    const other = user.spawn(['sleep', '1000'], { VIGIL_RUNTIME_DIR: '/run/another' });
    const ref = { pid: other.pid!, start_ticks: 0, uid: user.uid, comm: 'sleep', cmdline: 'sleep 1000' };
    const others = alert(9, user.uid);
    rig.alerts(alert(8, user.uid, { severity: 'warning' }), {
      ...others,
      subject: { ...others.subject, processes: [ref] },
    });
    await sleep(100);
    expect(rig.states()).toEqual([]);
    rig.alerts(over(alert(8, user.uid)), over(others));
    // Nobody is logged in as that one.
    rig.alerts(alert(1, null), alert(2, 4_000_000));
    await sleep(100);
    expect(rig.states()).toEqual([]);
    rig.alerts(alert(1, null), alert(2, 4_000_000), alert(3, user.uid));
    await until('both', () => shown().length === 2);
    expect(shown().sort()).toEqual(['<b>alert 1</b>', '<b>alert 3</b>']);
    expect(rig.states()).toMatchObject([{ uid: user.uid, user: user.name, state: 'running', problem: null }]);
  }, 60_000);

  it('what is over goes from the screen', async () => {
    rig.alerts(over(alert(1, null)), over(alert(3, user.uid)));
    await until('both to go', () => server.closed().length === 2);
  });

  it('a helper that died is told again', async () => {
    rig.alerts(alert(4, user.uid));
    await until('it', () => shown().includes('<b>alert 4</b>'));
    const before = shown().length;
    process.kill(rig.states()[0]!.pid!, 'SIGKILL');
    await until('it again', () => shown().length > before);
    expect(rig.states()).toMatchObject([{ restarts: 1 }]);
  }, 60_000);
});
