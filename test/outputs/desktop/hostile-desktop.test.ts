import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND, EVENT, encodeMessage } from '../../../src/outputs/desktop/compositors/i3-messages.js';
import { until } from './desktop.js';
import { HelperRig, helperAgent } from './helper-rig.js';
import { HostileSocket, pour, staysWell } from './hostile.js';
import { CAN_BE_USERS, Installed, User } from './user.js';

/** Any program of the user may be a compositor. */

const MAX_GROWTH = 45_000_000;

describe.runIf(CAN_BE_USERS)('a compositor that is hostile', () => {
  let installed: Installed;
  let user: User;
  let rig: HelperRig | null = null;
  const sockets: HostileSocket[] = [];

  beforeAll(() => {
    installed = new Installed();
    user = new User('vigilhostile');
  }, 150_000);
  beforeEach(() => user.reset());
  afterEach(async () => {
    await rig?.kill();
    for (const socket of sockets.splice(0)) await socket.close();
  });
  afterAll(async () => {
    await user?.stop();
    installed?.remove();
  });

  const listen = async (path: string, meet: (socket: Socket) => void) => {
    const socket = await HostileSocket.listen(user, join(user.runtime, path), meet);
    sockets.push(socket);
    return socket;
  };
  const start = () => {
    rig = HelperRig.start(user, installed);
    rig.agents(helperAgent());
    return rig;
  };

  /** Answers what sway is asked at the beginning, and then does its worst. */
  const sway = (worst: (socket: Socket) => void) => (socket: Socket) => {
    let asked = 0;
    socket.on('data', () => {
      asked++;
      if (asked === 1) socket.write(encodeMessage(COMMAND.subscribe, '{"success":true}'));
      else if (asked === 2) {
        socket.write(encodeMessage(COMMAND.tree, '{"nodes":[]}'));
        worst(socket);
      }
    });
  };

  let nextWindow = 1;
  const windows = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, () => {
        const container = { id: nextWindow++, pid: 1, type: 'con', name: 'x'.repeat(900) };
        return encodeMessage(EVENT.window, JSON.stringify({ change: 'new', container }));
      }),
    );

  it.each<[string, (socket: Socket) => void]>([
    [
      'answers with 60 MB',
      socket => {
        const header = encodeMessage(COMMAND.tree);
        header.writeUInt32LE(60_000_000, 6);
        socket.write(header);
        pour(socket, Buffer.alloc(65_536, ' '));
      },
    ],
    [
      'tells of ever new windows',
      sway(socket => {
        const more = () => {
          while (!socket.destroyed && socket.write(windows(500)));
        };
        socket.on('drain', more);
        more();
      }),
    ],
    ['closes at once', socket => void socket.end()],
    ['is none', socket => pour(socket, Buffer.alloc(65_536, 'x'))],
  ])(
    'sway: %s',
    async (_what, meet) => {
      const socket = await listen(`sway-ipc.${user.uid}.1.sock`, meet);
      const helper = start();
      await until('it to be met', () => socket.connections > 0, 60_000);
      await staysWell(helper, 1_500, MAX_GROWTH);
      expect(socket.connections).toBeLessThan(8);
    },
    120_000,
  );

  it('Hyprland: tells of a new window a thousand times a second, and is asked about them one at a time', async () => {
    mkdirSync(join(user.runtime, 'hypr', 'x'), { recursive: true });
    user.makeDirectory(join(user.runtime, 'hypr'));
    user.makeDirectory(join(user.runtime, 'hypr', 'x'));
    let open = 0;
    let most = 0;
    await listen('hypr/x/.socket.sock', socket => {
      most = Math.max(most, ++open);
      socket.on('close', () => open--);
      socket.on('data', chunk => {
        const answer = chunk.toString().includes('clients') ? '[]' : '{}';
        setTimeout(() => socket.end(answer), 20);
      });
    });
    const events = await listen('hypr/x/.socket2.sock', socket =>
      pour(socket, Buffer.from('openwindow>>1,1,x,y\n'.repeat(1_000))),
    );
    const helper = start();
    await until('it to be met', () => events.connections > 0, 60_000);
    await staysWell(helper, 1_500, MAX_GROWTH);
    expect(most).toBeLessThan(4);
    expect(events.connections).toBeLessThan(8);
  }, 120_000);
});
