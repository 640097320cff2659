import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from './desktop.js';
import { HelperRig, helperAgent } from './helper-rig.js';
import { afterGreeting, busSignal, HostileSocket, pour, staysWell, u32 } from './hostile.js';
import { CAN_BE_USERS, hasProgram, Installed, User } from './user.js';

/** Any program of the user may be a session bus, or a compositor: what it does costs its connection, and no more. */

const MB = 1_000_000;
/** Loading the D-Bus library is a part of it. */
const MAX_GROWTH = 45 * MB;

describe.runIf(CAN_BE_USERS && hasProgram('dbus-daemon'))('a session bus that is hostile', () => {
  let installed: Installed;
  let user: User;
  let rig: HelperRig;
  let hostile: HostileSocket | null = null;

  beforeAll(() => {
    installed = new Installed();
    user = new User('vigilhostile');
  }, 150_000);
  beforeEach(() => user.reset());
  afterEach(async () => {
    await rig.kill();
    await hostile?.close();
    hostile = null;
  });
  afterAll(async () => {
    await user?.stop();
    installed?.remove();
  });

  const meets = async (path: string, meet: (socket: Socket) => void) => {
    hostile = await HostileSocket.listen(user, join(user.runtime, path), meet);
    rig = HelperRig.start(user, installed, { tray: { enabled: true } });
    rig.agents(helperAgent({ state: 'WAITING', reason: 'approval' }));
    await until('it to be met', () => hostile!.connections > 0);
  };

  const X = Buffer.alloc(65_536, 'x');
  const NUMBERS = busSignal('u', u32(1));
  const cases: [string, (socket: Socket) => void][] = [
    ['greets with a line without end', socket => pour(socket, X)],
    ['greets for ever, a line at a time', socket => pour(socket, Buffer.from('REJECTED x\r\n'.repeat(500)))],
    ['closes at once', socket => void socket.end()],
    [
      'speaks before it is asked',
      socket => void socket.write(Buffer.concat([Buffer.from('OK 12\r\n'), NUMBERS])),
    ],
    ['sends what is no message', afterGreeting(socket => pour(socket, X))],
    ['sends a signature that is none', afterGreeting(socket => void socket.write(busSignal('a{', u32(0))))],
    [
      'declares a message of 128 MB, and sends it',
      afterGreeting(socket => {
        socket.write(busSignal('ay', u32(127 * MB), 127 * MB + 4));
        pour(socket, X);
      }),
    ],
    [
      'sends an array of four billion strings',
      afterGreeting(socket => void socket.write(busSignal('ag', u32(0xffffffff)))),
    ],
    ['sends an array of empty structs', afterGreeting(socket => void socket.write(busSignal('a()', u32(8))))],
    [
      'sends a variant in a variant in a variant',
      afterGreeting(socket => void socket.write(busSignal('v', Buffer.from('\x01v\0'.repeat(20_000))))),
    ],
    [
      'sends signals without end',
      afterGreeting(socket => pour(socket, Buffer.concat(Array(500).fill(NUMBERS) as Buffer[]))),
    ],
  ];
  it.each(cases)(
    '%s',
    async (_what, meet) => {
      await meets('bus', meet);
      await staysWell(rig, 1_500, MAX_GROWTH);
      // It comes back, later and later.
      expect(hostile!.connections).toBeLessThan(8);
      const before = rig.said.filter(({ type }) => type === 'log').length;
      expect(before).toBeLessThan(40);
    },
    60_000,
  );

  it('does not keep the next one from being used', async () => {
    await meets(
      'bus',
      afterGreeting(socket => void socket.write(X)),
    );
    await until('its end', () => rig.logs().some(line => line.includes('session bus')));
    await hostile!.close();
    hostile = null;
    const bus = user.spawn([
      'dbus-daemon',
      '--session',
      '--nofork',
      '--nosyslog',
      `--address=unix:path=${user.runtime}/bus`,
    ]);
    await until('the bus', () => existsSync(join(user.runtime, 'bus')));
    await rig.hasLogged('connected to the session bus');
    bus.kill();
  }, 60_000);
});
