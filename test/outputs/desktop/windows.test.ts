import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Compositor } from '../../../src/outputs/desktop/compositors/compositor.js';
import { discover } from '../../../src/outputs/desktop/compositors/discover.js';
import { HyprlandCompositor } from '../../../src/outputs/desktop/compositors/hyprland.js';
import { I3Compositor } from '../../../src/outputs/desktop/compositors/i3.js';
import { EVENT, encodeMessage, I3Decoder } from '../../../src/outputs/desktop/compositors/i3-messages.js';
import { NiriCompositor } from '../../../src/outputs/desktop/compositors/niri.js';
import { bestClient, locate } from '../../../src/outputs/desktop/terminal/locate.js';
import { bringToFront, controlOf } from '../../../src/outputs/desktop/terminal/remote-control.js';
import { attachCommand, parseTmux, tmuxOptions } from '../../../src/outputs/desktop/terminal/tmux.js';
import { until } from './desktop.js';

let dir: string;
const servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-windows-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true });
});

function listen(path: string, server: Server): Promise<void> {
  servers.push(server);
  return new Promise(resolve => server.listen(path, resolve));
}

const listener = () => {
  const told = { changed: 0, closed: null as string | null };
  return {
    told,
    changed: () => {
      told.changed++;
    },
    closed: (why: string) => {
      told.closed = why;
    },
  };
};

describe('the i3 protocol', () => {
  it('is read from pieces of any size, and nothing else is taken for it', () => {
    const bytes = Buffer.concat([encodeMessage(4, '{"a":1}'), encodeMessage(EVENT.window, '{"b":"é"}')]);
    for (const size of [1, 3, 14, bytes.length]) {
      const decoder = new I3Decoder();
      const got = [];
      for (let i = 0; i < bytes.length; i += size) got.push(...decoder.push(bytes.subarray(i, i + size)));
      expect(got).toEqual([
        { type: 4, payload: { a: 1 } },
        { type: EVENT.window, payload: { b: 'é' } },
      ]);
    }
    expect(() => new I3Decoder().push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('not the i3 protocol');
    const huge = encodeMessage(4);
    huge.writeUInt32LE(0xffffffff, 6);
    expect(() => new I3Decoder().push(huge)).toThrow('a message of');
  });

  it('tells of windows, the focus, and the end', async () => {
    let say: (bytes: Buffer) => void = () => {};
    const commands: string[] = [];
    const tree = {
      type: 'root',
      id: 1,
      nodes: [
        { type: 'con', id: 5, window: 0x1400003, name: 'xterm', focused: true, nodes: [] },
        { type: 'con', id: 6, nodes: [{ type: 'con', id: 7, pid: 321, name: 'foot', nodes: [] }] },
        { type: 'con', id: -3, pid: 1 },
        null,
      ],
    };
    const server = createServer(socket => {
      say = bytes => void socket.write(bytes);
      const decoder = new I3Decoder();
      socket.on('data', chunk => {
        // Payloads of commands are text, not JSON: read them by hand.
        const type = chunk.readUInt32LE(10);
        const text = chunk.toString('utf8', 14);
        if (type === 0) commands.push(text);
        socket.write(
          encodeMessage(
            type,
            JSON.stringify(
              type === 4 ? tree : type === 0 ? [{ success: !text.includes('99') }] : { success: true },
            ),
          ),
        );
        void decoder;
      });
    });
    await listen(join(dir, 'i3'), server);
    const heard = listener();
    const i3 = await I3Compositor.connect('i3', join(dir, 'i3'), heard);
    expect([...i3.windows().values()]).toEqual([
      { id: 5, pid: null, x11: 0x1400003, title: 'xterm' },
      { id: 7, pid: 321, x11: null, title: 'foot' },
    ]);
    expect(i3.focused()).toBe(5);
    const event = (type: number, value: unknown) => say(encodeMessage(type, JSON.stringify(value)));
    event(EVENT.window, { change: 'focus', container: { type: 'con', id: 7, pid: 321, name: 'foot' } });
    await until('the focus', () => i3.focused() === 7);
    event(EVENT.workspace, { change: 'focus', current: { nodes: [], floating_nodes: [] } });
    await until('no focus', () => i3.focused() === null);
    event(EVENT.window, { change: 'close', container: { type: 'con', id: 5, window: 0x1400003 } });
    await until('it to close', () => !i3.windows().has(5));
    await i3.focus(7);
    expect(commands).toEqual(['[con_id=7] focus']);
    await expect(i3.focus(99)).rejects.toThrow('does not focus');
    say(Buffer.from('garbage that is no i3 message'));
    await until('the end', () => heard.told.closed !== null);
    await expect(i3.focus(7)).rejects.toThrow();
  });
});

it('niri tells of windows, the focus, and the end; titles that spin are no news', async () => {
  let say: (value: unknown) => void = () => {};
  const asked: unknown[] = [];
  const foot = { id: 3, pid: 321, title: '⠂ shop', is_focused: true };
  const server = createServer(socket => {
    socket.on('data', chunk => {
      const request = JSON.parse(chunk.toString('utf8'));
      if (request !== 'EventStream') {
        asked.push(request);
        const isThere = JSON.stringify(request) !== '{"Action":{"FocusWindow":{"id":99}}}';
        socket.write(`${JSON.stringify(isThere ? { Ok: 'Handled' } : { Err: 'no such window' })}\n`);
        return;
      }
      say = value => void socket.write(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
      say({ Ok: 'Handled' });
      say({ WorkspacesChanged: { workspaces: [] } });
      say({ WindowsChanged: { windows: [foot, null, { id: -1 }, { id: 4, pid: null, title: null }] } });
    });
  });
  await listen(join(dir, 'niri.wayland-1.4021.sock'), server);
  expect(discover(dir, process.geteuid!(), '/nonexistent').compositors).toEqual([
    { name: 'niri', socket: join(dir, 'niri.wayland-1.4021.sock') },
  ]);
  const heard = listener();
  const niri = await NiriCompositor.connect(join(dir, 'niri.wayland-1.4021.sock'), heard);
  expect([...niri.windows().values()]).toEqual([
    { id: 3, pid: 321, x11: null, title: '⠂ shop' },
    { id: 4, pid: null, x11: null, title: '' },
  ]);
  expect(niri.focused()).toBe(3);
  const before = heard.told.changed;
  say({ WindowOpenedOrChanged: { window: { ...foot, title: '⠐ shop' } } });
  await until('the title', () => niri.windows().get(3)?.title === '⠐ shop');
  expect(heard.told.changed).toBe(before);
  say({ WindowOpenedOrChanged: { window: { ...foot, title: 'api' } } });
  await until('another tab', () => heard.told.changed === before + 1);
  say({ WindowFocusChanged: { id: null } });
  await until('no focus', () => niri.focused() === null);
  say({ WindowClosed: { id: 4 } });
  await until('it to close', () => !niri.windows().has(4));
  await niri.focus(3);
  await niri.launch(['/usr/bin/foot', '-e', 'vigil']);
  expect(asked).toEqual([
    { Action: { FocusWindow: { id: 3 } } },
    { Action: { Spawn: { command: ['/usr/bin/foot', '-e', 'vigil'] } } },
  ]);
  await expect(niri.focus(99)).rejects.toThrow('no such window');
  say('{"WindowsChanged":nonsense\n');
  await until('the end', () => heard.told.closed !== null);
});

it('Hyprland tells of windows by address', async () => {
  const instance = join(dir, 'hypr', 'abc');
  mkdirSync(instance, { recursive: true });
  const commands: string[] = [];
  let clients = [{ address: '0x55d0aa', pid: 321, title: 'foot' }];
  const requests = createServer({ allowHalfOpen: true }, socket => {
    socket.on('data', chunk => {
      const command = chunk.toString();
      commands.push(command);
      socket.end(
        command === 'j/clients' ? JSON.stringify(clients) : command === 'j/activewindow' ? '{}' : 'ok',
      );
    });
  });
  let say: (text: string) => void = () => {};
  const events = createServer(socket => {
    say = text => void socket.write(text);
  });
  await listen(join(instance, '.socket.sock'), requests);
  await listen(join(instance, '.socket2.sock'), events);
  const heard = listener();
  const hyprland: Compositor = await HyprlandCompositor.connect(instance, heard);
  expect([...hyprland.windows().values()]).toEqual([{ id: 0x55d0aa, pid: 321, x11: null, title: 'foot' }]);
  say('activewindowv2>>55d0aa\nworkspace>>2\nactivewin');
  await until('the focus', () => hyprland.focused() === 0x55d0aa);
  clients = [...clients, { address: '0x77', pid: 5, title: 'new' }];
  say('dow>>x\nopenwindow>>77,1,foot,new\n');
  await until('the new window', () => hyprland.windows().has(0x77));
  say('windowtitlev2>>77,Zellij (a, b) - x\n');
  await until('the title', () => hyprland.windows().get(0x77)?.title === 'Zellij (a, b) - x');
  say('closewindow>>55d0aa\n');
  await until('it to close', () => !hyprland.windows().has(0x55d0aa) && hyprland.focused() === null);
  await hyprland.focus(0x77);
  expect(commands.at(-1)).toBe('dispatch focuswindow address:0x77');
  await hyprland.launch(['/usr/bin/foot', '-e', 'vigil']);
  expect(commands.at(-1)).toBe('dispatch exec /usr/bin/foot -e vigil');
  // Found by its name, newest first, and only if it is a socket of this user.
  mkdirSync(join(dir, 'bus'));
  writeFileSync(join(dir, 'sway-ipc.0.1.sock'), '');
  const found = discover(dir, process.geteuid!(), '/nonexistent');
  expect(found).toMatchObject({ bus: null, compositors: [{ name: 'hyprland', directory: instance }] });
  expect(discover(dir, 12345, '/nonexistent').compositors).toEqual([]);
  hyprland.close();
});

describe('Hyprland is told what to do in the language that it takes', () => {
  const REFUSED =
    "error: [string \"return hl.dispatch(focuswindow address:0x77)\"]:1: ')' expected near 'address'";
  const NOTE =
    ' → Note: dispatch in lua is a shorthand for hl.dispatch(...), your syntax might need to be updated.';

  /** As `dispatch` answers: with a configuration in hyprlang, and with one in Lua (0.55 and later). */
  const ANSWERS: Record<string, (asked: string) => string> = {
    words: (asked: string) => {
      if (!/^(focuswindow|exec) /.test(asked)) return 'Invalid dispatcher';
      return asked.includes('address:0x99') ? 'No such window found' : 'ok';
    },
    lua: (asked: string) => {
      if (!/^hl\.dsp\.(focus\(\{ window = "address:0x[0-9a-f]+" \}\)|exec_cmd\("[^"]*"\))$/.test(asked))
        return `${REFUSED}\n\n${NOTE}`;
      return asked.includes('address:0x99') ? 'warning: =[C]:-1: hl.focus: window not found' : 'ok';
    },
  };

  it.each(['words', 'lua'] as const)('%s', async language => {
    const answer = { now: ANSWERS[language]! };
    const asked: string[] = [];
    const requests = createServer({ allowHalfOpen: true }, socket => {
      socket.on('data', chunk => {
        const [, what] = /^dispatch (.*)$/s.exec(chunk.toString()) ?? [];
        if (what !== undefined) asked.push(what);
        socket.end(what === undefined ? '[]' : answer.now(what));
      });
    });
    await listen(join(dir, '.socket.sock'), requests);
    await listen(join(dir, '.socket2.sock'), createServer());
    const hyprland = await HyprlandCompositor.connect(dir, listener());
    await hyprland.focus(0x77);
    await hyprland.launch(['/usr/bin/foot', '--hold', 'vigil']);
    expect(asked.slice(-2)).toEqual(
      language === 'words'
        ? ['focuswindow address:0x77', 'exec /usr/bin/foot --hold vigil']
        : ['hl.dsp.focus({ window = "address:0x77" })', 'hl.dsp.exec_cmd("/usr/bin/foot --hold vigil")'],
    );
    await expect(hyprland.focus(0x99)).rejects.toThrow(/no such window|window not found/i);
    // Its person gives it a configuration of the other kind, and logs in again behind the same sockets.
    answer.now = ANSWERS[language === 'lua' ? 'words' : 'lua']!;
    await hyprland.focus(0x77);
    answer.now = () => "current config provider doesn't support dispatch";
    await expect(hyprland.focus(0x77)).rejects.toThrow("doesn't support dispatch");
    hyprland.close();
  });
});

it('a session is found in the environment of its processes, but no program is run for it', async () => {
  const proc = join(dir, 'proc');
  const environ = (pid: number, ...entries: string[]) => {
    mkdirSync(join(proc, String(pid)), { recursive: true });
    writeFileSync(join(proc, String(pid), 'environ'), entries.join('\0'));
  };
  await listen(join(dir, 'b,us'), createServer());
  await listen(join(dir, 'sway'), createServer());
  environ(10, `DBUS_SESSION_BUS_ADDRESS=unix:path=${dir}/b%2cus,guid=1`, `SWAYSOCK=${dir}/sway`);
  environ(11, 'DBUS_SESSION_BUS_ADDRESS=unixexec:path=/bin/evil', 'SWAYSOCK=/nonexistent', 'I3SOCK=relative');
  expect(discover(join(dir, 'run'), process.geteuid!(), proc)).toEqual({
    bus: `unix:path=${dir}/b,us`,
    compositors: [{ name: 'sway', socket: join(dir, 'sway') }],
    desktop: null,
  });
});

it('a desktop that tells no focus is known by its name', () => {
  const proc = join(dir, 'proc');
  mkdirSync(join(proc, '10'), { recursive: true });
  writeFileSync(join(proc, '10', 'environ'), 'XDG_CURRENT_DESKTOP=GNOME\0');
  expect(discover(join(dir, 'run'), process.geteuid!(), proc)).toMatchObject({
    compositors: [],
    desktop: 'GNOME',
  });
});

describe('tmux', () => {
  it.each([
    [['tmux'], { name: null, path: null }],
    [['tmux', '-L', 'work', 'new'], { name: 'work', path: null }],
    [['tmux', '-2', '-f', '/x', '-S/tmp/s', 'attach', '-L', 'no'], { name: null, path: '/tmp/s' }],
    [['tmux', '-L', '../../etc', 'new'], { name: 'etc', path: null }],
  ])('options of %j', (argv, expected) => expect(tmuxOptions(argv)).toEqual(expected));

  const state = parseTmux(
    [
      '%1 @1 $0 1 P /dev/pts/5 my work',
      '%1 @1 $1 1 P /dev/pts/5',
      '%2 @2 $0 1 P /dev/pts/6',
      '8001 $0 @2 100 C /dev/pts/1',
      '8002 $1 @1 50 C /dev/pts/2',
      'garbage',
      '8003 $0 @2 100 C ',
    ].join('\n'),
  );

  it('a session that nobody looks at has a command that shows it', () => {
    const server = { pid: 1, program: '/usr/bin/tmux', socket: '/tmp/tmux-1000/default' };
    const [pane] = state.panes;
    expect(attachCommand(server, pane!)).toBe("tmux attach -t 'my work'");
    expect(attachCommand({ ...server, socket: '/tmp/tmux-1000/lab' }, pane!)).toBe(
      "tmux -L lab attach -t 'my work'",
    );
    expect(attachCommand({ ...server, socket: '/run/x' }, state.panes[1]!)).toBe(
      "tmux -S /run/x attach -t '$1'",
    );
  });

  it('a pane is looked at through the client that shows it', () => {
    expect(bestClient(state, pane => pane.tty === '/dev/pts/5')?.client.pid).toBe(8002);
    expect(bestClient(state, pane => pane.tty === '/dev/pts/6')?.client.pid).toBe(8001);
    expect(bestClient(state, pane => pane.tty === '/dev/pts/9')).toBeNull();
  });
});

describe('from the agent to its window', () => {
  const proc = () => join(dir, 'proc');
  function process_(pid: number, ppid: number, comm: string, pts: number, environ = '', argv = [comm]): void {
    const device = pts < 0 ? 0 : (136 << 8) | pts;
    const stat = `${pid} (${comm}) S ${ppid} 1 1 ${device} 0 0 0 0 0 0 0 0 0 0 20 0 1 0 ${pid} 0 0 0 0\n`;
    mkdirSync(join(proc(), String(pid)), { recursive: true });
    writeFileSync(join(proc(), String(pid), 'stat'), stat);
    writeFileSync(join(proc(), String(pid), 'environ'), environ);
    writeFileSync(join(proc(), String(pid), 'cmdline'), argv.map(arg => `${arg}\0`).join(''));
  }
  const window = (id: number, pid: number | null, title = '', x11: number | null = null) =>
    [id, { id, pid, x11, title }] as const;
  const find = (pid: number, windows: ReturnType<typeof window>[], title: string | null = null) =>
    locate({ pid, title }, { procRoot: proc(), uid: process.geteuid!(), windows: new Map(windows) });

  it('a terminal with one window', async () => {
    process_(100, 1, 'foot', -1);
    process_(101, 100, 'bash', 3);
    process_(102, 101, 'claude', 3);
    expect((await find(102, [window(9, 100), window(8, 55)])).window).toBe(9);
    expect((await find(102, [window(8, 55)])).window).toBeNull();
    expect((await find(4242, [window(8, 55)])).window).toBeNull();
  });

  it('one process with many windows: by title, else in the order of their shells', async () => {
    process_(100, 1, 'ghostty', -1);
    process_(101, 100, 'bash', 3);
    process_(102, 101, 'claude', 3);
    process_(103, 100, 'bash', 4);
    process_(104, 103, 'claude', 4);
    const windows = [window(20, 100, 'shop'), window(10, 100, 'api')];
    expect((await find(102, windows)).window).toBe(10);
    expect((await find(104, windows)).window).toBe(20);
    expect((await find(104, windows, 'api')).window).toBe(10);
  });

  it('what cannot be told is not guessed: more shells than windows, and no title', async () => {
    process_(100, 1, 'kitty', -1);
    for (const [i, pts] of [3, 4, 5].entries()) {
      process_(101 + i * 2, 100, 'bash', pts);
      process_(102 + i * 2, 101 + i * 2, 'claude', pts);
    }
    const windows = [window(20, 100, 'shop'), window(10, 100, 'api')];
    expect(await find(104, windows)).toMatchObject({
      window: null,
      doubt: 'kitty has 2 windows and does not tell which of them it is in',
    });
    expect(await find(104, windows, '✳ shop')).toMatchObject({ window: 20, doubt: null, tab_title: 'shop' });
  });

  it('a terminal that can be told to brings the tab to the front: kitty where it listens, wezterm, Konsole', async () => {
    const log = join(dir, 'told');
    process_(100, 1, 'kitty', -1);
    process_(101, 100, 'bash', 3, 'KITTY_LISTEN_ON=unix:/run/kitty-1\0KITTY_WINDOW_ID=7\0');
    process_(102, 101, 'claude', 3);
    for (const name of ['kitten', 'wezterm', 'busctl'])
      writeFileSync(join(dir, name), `#!/bin/sh\necho "$*" > ${log}\n`, { mode: 0o755 });
    // What the terminal itself is may be anything.
    writeFileSync(join(proc(), '100/exe'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(await bringToFront(controlOf(proc(), 101, [dir])!)).toBe(true);
    expect(readFileSync(log, 'utf8')).toBe('@ --to unix:/run/kitty-1 focus-window --match id:7\n');
    process_(101, 100, 'bash', 3, 'WEZTERM_UNIX_SOCKET=/run/w\0WEZTERM_PANE=4\0');
    expect(controlOf(proc(), 101, [dir])).toMatchObject({
      args: ['cli', '--no-auto-start', 'activate-pane', '--pane-id', '4'],
      env: { WEZTERM_UNIX_SOCKET: '/run/w' },
    });
    for (const environ of [
      'KITTY_WINDOW_ID=7\0',
      'KITTY_LISTEN_ON=tcp:evil:1\0KITTY_WINDOW_ID=7\0',
      'KITTY_LISTEN_ON=unix:/x\0KITTY_WINDOW_ID=7 or pid:1\0',
      'WEZTERM_UNIX_SOCKET=x\0WEZTERM_PANE=1\0',
      'KONSOLE_DBUS_SERVICE=--help\0KONSOLE_DBUS_SESSION=/Sessions/1\0KONSOLE_DBUS_WINDOW=/Windows/1\0',
    ]) {
      process_(101, 100, 'bash', 3, environ);
      expect(controlOf(proc(), 101, [dir])).toBeNull();
    }
  });

  it('a tab is known by its title; a window with one shell, and an editor’s, are not asked', async () => {
    process_(100, 1, 'konsole', -1);
    process_(101, 100, 'bash', 3);
    process_(102, 101, 'claude', 3);
    const windows = [window(20, 100, 'shop — Konsole')];
    expect(await find(102, windows, '⠂ shop')).toMatchObject({ window: 20, tab_title: null });
    process_(103, 100, 'bash', 4);
    expect(await find(102, windows, '⠂ shop')).toMatchObject({ window: 20, tab_title: 'shop' });
    process_(200, 1, 'code', -1);
    for (const pts of [6, 7]) process_(200 + pts, 200, 'bash', pts);
    process_(216, 206, 'claude', 6);
    expect(await find(216, [window(30, 200, 'x - Code')], 'shop')).toMatchObject({
      window: 30,
      tab_title: null,
    });
  });

  it('X11: by WINDOWID, also when the compositor names no process', async () => {
    process_(101, 1, 'bash', 3, 'WINDOWID=20971523\0');
    process_(102, 101, 'claude', 3, 'WINDOWID=20971523\0');
    expect((await find(102, [window(9, null, '', 20971523), window(8, null, '', 7)])).window).toBe(9);
    expect((await find(102, [window(8, null, '', 7)])).window).toBeNull();
  });

  /** A terminal with a client of zellij, and, far above all clients, the daemon that owns its panes. */
  function zellij(terminal: number, pts: number, session: string, ...words: string[]): number {
    process_(terminal, 1, 'foot', -1);
    process_(terminal + 1, terminal, 'zellij', pts, '', ['zellij', ...words]);
    return server(terminal + 2, session);
  }
  function server(pid: number, session: string): number {
    process_(pid, 1, 'zellij', -1, '', [
      '/usr/bin/zellij',
      '--server',
      `/run/user/1000/zellij/0.43.1/${session}`,
    ]);
    process_(pid + 1, pid, 'claude', pid + 1, `ZELLIJ_SESSION_NAME=${session}\0`);
    return pid + 1;
  }

  it('tmux: an agent on a terminal of its container is not looked for in the pane of that name', async () => {
    const socket = join(dir, 'tmux.sock');
    const server = createServer().listen(socket);
    try {
      process_(50, 1, 'foot', -1);
      process_(51, 50, 'tmux: client', 1);
      process_(60, 1, 'tmux: server', -1);
      process_(61, 60, 'unshare', 5, `TMUX=${socket},60,0\0`);
      process_(62, 61, 'claude', 6);
      process_(70, 1, 'foot', -1);
      process_(71, 70, 'tmux: client', 2);
      const state = parseTmux(
        [
          '%1 @1 $0 1 P /dev/pts/5',
          '%2 @2 $1 1 P /dev/pts/6',
          '51 $0 @1 100 C /dev/pts/1',
          '71 $1 @2 200 C /dev/pts/2',
        ].join('\n'),
      );
      const windows = new Map([window(9, 50), window(8, 70)]);
      const options = { procRoot: proc(), uid: process.geteuid!(), windows, tmux: async () => state };
      const place = await locate({ pid: 62, title: null }, options);
      expect([place.window, place.panes[0]?.pane.pane]).toEqual([9, '%1']);
    } finally {
      server.close();
    }
  });

  it('zellij: through its client', async () => {
    const agent = zellij(100, 3, 'witty-cheese');
    expect((await find(agent, [window(9, 100)])).window).toBe(9);
  });

  it('zellij: plain ones, which name no session, each through the client that began it', async () => {
    const agents = [
      zellij(1000, 3, 'witty-cheese'),
      zellij(3000, 4, 'bold-tiger'),
      zellij(5000, 5, 'work', '-s', 'work'),
    ];
    const windows = [window(9, 1000), window(8, 3000), window(7, 5000)];
    for (const [i, agent] of agents.entries())
      expect((await find(agent, windows)).window).toBe(windows[i]![0]);
    // Attached from elsewhere, by name; what it was begun in is closed.
    process_(7000, 1, 'foot', -1);
    process_(7001, 7000, 'zellij', 6, '', ['zellij', 'attach', 'bold-tiger']);
    rmSync(join(proc(), '3001'), { recursive: true });
    expect((await find(agents[1]!, [...windows, window(6, 7000)])).window).toBe(6);
    // Nobody looks at it: another session's client is not its own.
    rmSync(join(proc(), '7001'), { recursive: true });
    expect((await find(agents[1]!, windows)).window).toBeNull();
  });

  it('zellij: a client that went to another session is known by the title of its window', async () => {
    zellij(1000, 3, 'witty-cheese');
    const agent = server(9000, 'other');
    expect((await find(agent, [window(9, 1000, 'Zellij (other) - ✳ Fix the cart')])).window).toBe(9);
    expect((await find(agent, [window(9, 1000, 'Zellij (witty-cheese) - bash')])).window).toBeNull();
  });

  it('zellij as NixOS wraps it', async () => {
    process_(50, 1, '.zellij-wrapped', -1);
    process_(51, 50, 'claude', 7, 'ZELLIJ_SESSION_NAME=work\0');
    process_(100, 1, 'foot', -1);
    process_(101, 100, '.zellij-wrapped', 3);
    expect((await find(51, [window(9, 100)])).window).toBe(9);
  });

  it('screen: plain ones by whose child they are, or by the terminal that they were begun on', async () => {
    for (const [terminal, pts] of [
      [1000, 3],
      [3000, 4],
    ] as const) {
      process_(terminal, 1, 'foot', -1);
      process_(terminal + 1, terminal, 'screen', pts);
      process_(terminal + 2, terminal + 1, 'screen', -1, '', ['SCREEN']);
      process_(terminal + 3, terminal + 2, 'claude', pts + 10, `STY=${terminal + 2}.pts-${pts}.host\0`);
    }
    const windows = [window(9, 1000), window(8, 3000)];
    expect((await find(1003, windows)).window).toBe(9);
    expect((await find(3003, windows)).window).toBe(8);
    // Detached, and attached again by a plain `screen -r` on the same terminal, long after.
    process_(3002, 1, 'screen', -1, '', ['SCREEN']);
    rmSync(join(proc(), '3001'), { recursive: true });
    process_(9001, 3000, 'screen', 4, '', ['screen', '-r']);
    expect((await find(3003, windows)).window).toBe(8);
    rmSync(join(proc(), '9001'), { recursive: true });
    expect(await find(3003, windows)).toMatchObject({ window: null, attach: 'screen -r 3002.pts-4.host' });
  });
});
