import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Desktop } from '../../../src/outputs/desktop/compositors/desktop.js';
import { discover } from '../../../src/outputs/desktop/compositors/discover.js';
import { I3Compositor } from '../../../src/outputs/desktop/compositors/i3.js';
import { until } from './desktop.js';
import { ended, hasProgram } from './user.js';

/** Real windows: i3 on Xvfb with xterm, and in them tmux within tmux, and screen. */

const CAN = ['Xvfb', 'i3', 'i3-msg', 'xterm', 'tmux', 'screen'].every(hasProgram);

describe.skipIf(!CAN)('on a real i3', () => {
  let dir: string;
  let env: Record<string, string>;
  let i3: I3Compositor;
  const children: ChildProcess[] = [];
  const told = { changed: 0, closed: null as string | null };
  const uid = process.geteuid!();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-x11-'));
    chmodSync(dir, 0o700);
    env = {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: dir,
      LANG: 'C.UTF-8',
      XDG_RUNTIME_DIR: dir,
      TMUX_TMPDIR: dir,
      SCREENDIR: join(dir, 'screens'),
    };
    execFileSync('mkdir', ['-m', '700', env.SCREENDIR!]);
    env.DISPLAY = `:${await startX()}`;
    const config = join(dir, 'i3.conf');
    // Without it i3 asks for one.
    writeFileSync(config, '# i3 config file (v4)\nfont pango:monospace 8\n');
    start(['i3', '-c', config]);
    const addresses = () => discover(dir, uid, '/nonexistent').compositors;
    const found = await until('i3', () => addresses()[0], 10_000);
    if (found.name !== 'i3') throw new Error(`found ${found.name}`);
    i3 = await until('i3 to answer', () => connect(found.socket).catch(() => null), 10_000);
  }, 40_000);

  afterEach(async () => {
    // Servers are nobody's children, and a test that failed left them.
    spawnSync('tmux', ['-L', 'outer', 'kill-server'], { env });
    spawnSync('tmux', ['-S', join(dir, 'inner.sock'), 'kill-server'], { env });
    spawnSync('screen', ['-S', 'work', '-X', 'quit'], { env });
    for (const child of children.splice(2).reverse()) await ended(child);
    await until('the windows to be gone', () => i3.windows().size === 0);
  });

  afterAll(async () => {
    i3?.close();
    for (const child of children.reverse()) await ended(child);
    rmSync(dir, { recursive: true, force: true });
  });

  function connect(socket: string): Promise<I3Compositor> {
    return I3Compositor.connect('i3', socket, {
      changed: () => void told.changed++,
      closed: why => {
        told.closed = why;
      },
    });
  }

  function start(command: readonly string[], over: Record<string, string> = {}): ChildProcess {
    const child = spawn(command[0]!, command.slice(1), {
      env: { ...env, ...over },
      stdio: 'ignore',
      cwd: dir,
    });
    child.on('error', () => {});
    children.push(child);
    return child;
  }

  function startX(): Promise<string> {
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    return new Promise((resolve, reject) => {
      child.once('exit', code => reject(new Error(`Xvfb ended with ${code}`)));
      child.stdio[3]!.once('data', (data: Buffer) => resolve(data.toString().trim()));
    });
  }

  /** A window that runs the command. */
  async function xterm(...command: string[]): Promise<number> {
    const before = new Set(i3.windows().keys());
    start(['xterm', '-e', ...command]);
    return until('a window', () => [...i3.windows().keys()].find(id => !before.has(id)), 10_000);
  }

  let agents = 0;
  /** A program that says its process id, and how to ask for it. */
  function agent(): { command: string; pid(): Promise<number> } {
    const file = join(dir, `agent-${++agents}`);
    const script = `${file}.sh`;
    writeFileSync(script, `#!/bin/sh\necho $$ > ${file}.new\nmv ${file}.new ${file}\nexec sleep 1000\n`);
    chmodSync(script, 0o755);
    const pid = () => until('the agent', () => existsSync(file) && Number(readFileSync(file, 'utf8')));
    return { command: script, pid };
  }

  function desktop(): Desktop {
    return new Desktop({
      procRoot: '/proc',
      uid,
      log: () => {},
      now: () => performance.now(),
      changed: () => {},
      lost: () => {},
    });
  }

  const tmux = (socket: readonly string[], ...args: string[]) =>
    execFileSync('tmux', [...socket, ...args], { env, encoding: 'utf8' }).trim();

  it('windows come, are focused, started and go, and each event is heard', async () => {
    const [one, two] = [agent(), agent()];
    const first = await xterm(one.command);
    const second = await xterm(two.command);
    await until('the focus of the new one', () => i3.focused() === second);
    const before = told.changed;
    await i3.focus(first);
    await until('the focus', () => i3.focused() === first);
    expect(told.changed).toBeGreaterThan(before);
    await expect(i3.focus(12345)).rejects.toThrow('does not focus');

    // From the process to its window, though i3 names no processes.
    const watching = desktop();
    await watching.use(discover(dir, uid, '/nonexistent').compositors);
    expect(watching.name).toBe('i3');
    expect((await watching.locate({ pid: await one.pid(), title: null })).window).toBe(first);
    expect((await watching.locate({ pid: await two.pid(), title: null })).window).toBe(second);
    expect(watching.isSeen(await one.pid())).toBe(true);
    expect(watching.isSeen(await two.pid())).toBe(false);
    expect(await watching.show({ pid: await two.pid(), title: null })).toBeNull();
    await until('the other to be focused', () => i3.focused() === second);

    execFileSync('i3-msg', ['workspace', '9'], { env: { ...env, I3SOCK: socket() }, stdio: 'ignore' });
    await until('nothing to have the focus', () => i3.focused() === null);
    const started = await i3.launch(['xterm', '-e', 'sleep', '1']).then(() => i3.windows().size);
    await until('what was launched', () => i3.windows().size === started + 1, 8_000);
    await until('it to close', () => i3.windows().size === started, 8_000);
    execFileSync('i3-msg', ['workspace', '1'], { env: { ...env, I3SOCK: socket() }, stdio: 'ignore' });
    watching.close();
  }, 30_000);

  it('through tmux in tmux, by -S and -L, to the window, and back to the pane', async () => {
    const inside = agent();
    const [outer, inner] = [
      ['-L', 'outer'],
      ['-S', join(dir, 'inner.sock')],
    ] as const;
    const nested = `env -u TMUX tmux ${inner.join(' ')} -f /dev/null new -s in ${inside.command}`;
    const window = await xterm('tmux', ...outer, '-f', '/dev/null', 'new', '-s', 'out', nested);
    const elsewhere = await xterm(agent().command);
    const pid = await inside.pid();
    const watching = desktop();
    await watching.use(discover(dir, uid, '/nonexistent').compositors);
    const place = await until('its place', async () => {
      const found = await watching.locate({ pid, title: null });
      return found.window === null ? null : found;
    });
    expect(place.window).toBe(window);
    expect(place.panes.map(({ server }) => server.socket)).toEqual([
      join(dir, 'inner.sock'),
      join(dir, `tmux-${uid}/outer`),
    ]);
    // Both show something else; the focus is elsewhere; then the person wants to see the agent.
    for (const socket of [outer, inner]) tmux(socket, 'new-window', 'sleep 1000');
    const shown = (socket: readonly string[]) => tmux(socket, 'display-message', '-p', '#{window_index}');
    await until('both to show the new ones', () => shown(outer) === '1' && shown(inner) === '1');
    expect(i3.focused()).toBe(elsewhere);
    expect(await watching.show({ pid, title: null })).toBeNull();
    expect([shown(outer), shown(inner)]).toEqual(['0', '0']);
    await until('the window to have the focus', () => i3.focused() === window);
    // Seen only when every tmux on the way shows it.
    await watching.locate({ pid, title: null });
    await until('it to be seen', () => watching.isSeen(pid));
    tmux(outer, 'select-window', '-t', ':1');
    await until('it to be out of sight', async () => {
      await watching.locate({ pid, title: null });
      return !watching.isSeen(pid);
    });
    watching.close();
  }, 30_000);

  it('through screen to the window, and nowhere once it is detached', async () => {
    const inside = agent();
    const window = await xterm('screen', '-S', 'work', inside.command);
    await xterm(agent().command);
    const pid = await inside.pid();
    const watching = desktop();
    await watching.use(discover(dir, uid, '/nonexistent').compositors);
    expect((await watching.locate({ pid, title: null })).window).toBe(window);
    spawnSync('screen', ['-S', 'work', '-X', 'detach'], { env });
    await until('the window to go', () => !i3.windows().has(window));
    expect((await watching.locate({ pid, title: null })).window).toBeNull();
    // In another window it is found again.
    const again = await xterm('screen', '-r', 'work');
    await until('its new place', async () => (await watching.locate({ pid, title: null })).window === again);
    watching.close();
  }, 30_000);

  it('an i3 that restarts is noticed, and found again', async () => {
    execFileSync('i3-msg', ['restart'], { env: { ...env, I3SOCK: socket() }, stdio: 'ignore' });
    await until('the end of the connection', () => told.closed !== null);
    i3 = await until('it to be back', () => connect(socket()).catch(() => null), 10_000);
    const window = await xterm(agent().command);
    expect(i3.windows().has(window)).toBe(true);
  }, 60_000);

  function socket(): string {
    const [found] = discover(dir, uid, '/nonexistent').compositors;
    return found?.name === 'i3' ? found.socket : '';
  }
});
