import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeAgent, fakeAlert } from '../api/fake-daemon.js';
import { Rig, waitFor } from '../api/rig.js';
import { sample } from '../diagnosis/incident.js';
import { Built, Tmux } from './built.js';
import { fakeHost } from './host.js';

let built: Built;
beforeAll(() => {
  built = new Built();
}, 120_000);
afterAll(() => built.remove());

/** The program that runs in the shell of the terminal. */
function childOf(tmux: Tmux): number {
  return Number(execFileSync('pgrep', ['-P', tmux.info('#{pane_pid}')], { encoding: 'utf8' }).trim());
}

describe('vigil watch, in a real terminal', { timeout: 60_000 }, () => {
  let rig: Rig;
  let tmux: Tmux;
  beforeAll(async () => {
    rig = await Rig.start();
    const session = { pid: 4242, start_ticks: 1, agent: 'claude', cwd: null, alive: true };
    const processes = [4242, 4300].map(pid =>
      sample(pid, {
        ppid: pid === 4300 ? 4242 : 1,
        comm: 'claude',
        cmdline: `command ${pid}`,
        started_ms: Date.now() - 5_000,
        rss_bytes: 5e6,
        session,
      }),
    );
    rig.daemon.last = { time_ms: 1, host: fakeHost(), processes, sessions: [], events: [] };
    rig.daemon.list = [fakeAgent(), fakeAgent({ pid: 77, agent: 'codex', cwd: '/home/ann/bank' })];
    rig.daemon.alerts = [fakeAlert()];
    tmux = new Tmux(100, 30);
    await tmux.shows('$');
  });
  afterAll(async () => {
    tmux.end();
    await rig.stop();
  });

  const start = async (dir = rig.dir): Promise<void> => {
    tmux.type(`clear; echo before; ${built.bin} watch --runtime-dir ${dir}; echo "left $?"`);
    tmux.key('Enter');
    await tmux.shows(/^vigil \d.*agents?/);
  };
  const asBefore = async (code = 0): Promise<void> => {
    const after = await tmux.shows(`left ${code}`);
    expect(after).toContain('before');
    expect(tmux.info('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1');
    tmux.type('clear; stty -a | grep -o " echo \\| icanon"');
    tmux.key('Enter');
    await tmux.shows(/^ ?icanon\n ?echo/m);
  };

  it('moves, filters, shows details, fits any size and leaves the terminal as it was', async () => {
    await start();
    await tmux.shows(/▸ +77 +codex[\s\S]*4242 +claude/);
    const rules = tmux.screen().match(/^━━ Agents.*$/m)!;
    expect(rules[0]).toHaveLength(100);
    expect(tmux.screen()).toMatch(/CPU +█[\s\S]*Alerts 1[\s\S]*yes burns a core/);
    tmux.key('Down');
    await tmux.shows(/▸ 4242[\s\S]*Processes of agent 4242 2[\s\S]*└─ command 4300/);
    tmux.type('/bank');
    await tmux.shows(/Agents 1 [\s\S]*filter: bank/);
    tmux.key('Enter');
    tmux.key('Escape');
    await tmux.shows('Agents 2');
    tmux.key('Enter');
    await tmux.shows('Decided by: the registry says busy');
    tmux.key('Escape');
    await tmux.shows('Agents 2');
    for (const [columns, rows] of [
      [40, 10],
      [20, 4],
      [200, 50],
      [100, 30],
    ] as const) {
      tmux.resize(columns, rows);
      const screen = await tmux.shows(/Agents/);
      expect(screen.trimEnd().split('\n').length).toBeLessThanOrEqual(rows);
    }
    tmux.key('q');
    await asBefore();
  });

  it('each change is seen at once, and only what changed is written', async () => {
    await start();
    await tmux.shows('▸');
    rig.daemon.list = [fakeAgent({ state: 'WAITING', reason: 'approval', title: '\u001b[2Jtitle' })];
    rig.daemon.emit();
    expect(await tmux.shows(/4242 +claude +WAITING +approval/)).toContain('1 asking');
    const file = join(rig.dir, 'written');
    tmux.copyTo(file);
    await waitFor(() => existsSync(file) && readFileSync(file, 'utf8').includes('claude'));
    const written = readFileSync(file, 'utf8');
    // Ages count up; the gauges stand still, and are not drawn again.
    for (const still of ['Memory', 'CPU  ', '\u001b[2J']) expect(written).not.toContain(still);
    tmux.key('q');
    await asBefore();
  });

  it.each([
    ['Ctrl-C', () => tmux.key('C-c')],
    ['Ctrl-C while something is typed', () => ['/', 'a', 'C-c'].forEach(key => void tmux.key(key))],
    ['SIGTERM', () => void process.kill(childOf(tmux), 'SIGTERM')],
    ['SIGHUP', () => void process.kill(childOf(tmux), 'SIGHUP')],
  ])('%s leaves it, too', async (_, leave) => {
    await start();
    leave();
    await asBefore();
  });

  it('goes on where it was after it was stopped', async () => {
    await start();
    process.kill(childOf(tmux), 'SIGSTOP');
    await tmux.shows(/left 1\d\d/);
    // The terminal is still as the program had it: Enter alone ends no line.
    tmux.type('stty sane; fg; echo "left $?"');
    tmux.key('C-j');
    await tmux.shows(/^vigil .*agent[\s\S]*Alerts/);
    // Keys are keys again, not lines of a shell.
    tmux.type('?');
    await tmux.shows('ask for an explanation');
    tmux.type('qq');
    await tmux.shows('left 0');
    expect(tmux.info('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1');
  });

  it('a crash restores the terminal before it is told', async () => {
    const crash = join(rig.dir, 'crash.cjs');
    writeFileSync(crash, 'process.on("SIGUSR2", () => { throw new Error("a bug\\u001b[2J"); });');
    tmux.type(
      `clear; echo before; node -r ${crash} ${built.bin} watch --runtime-dir ${rig.dir}; echo "left $?"`,
    );
    tmux.key('Enter');
    await tmux.shows(/^vigil \d.*agent/);
    process.kill(childOf(tmux), 'SIGUSR2');
    expect(await tmux.shows('left 2')).toContain('vigil: an error of vigil itself: a bug\\x1b[2J');
    await asBefore(2);
  });

  it('outlives its daemon and finds the next one', async () => {
    let own = await Rig.start();
    const { dir } = own;
    own.daemon.list = [fakeAgent()];
    await start(dir);
    await own.server.stop();
    await tmux.shows(/no daemon answers[\s\S]*! looking for a daemon: [\s\S]*4242/);
    tmux.key('x');
    await tmux.shows('no daemon answers now');
    tmux.key('Escape');
    own.lock.release();
    own = new Rig({ dir });
    await own.server.start();
    own.daemon.list = [fakeAgent({ pid: 31337 })];
    expect(await tmux.shows('31337')).not.toContain('no daemon');
    tmux.key('q');
    await asBefore();
    await own.stop();
  });

  it('needs a terminal, and says so', () => {
    expect(built.run('watch', '--runtime-dir', rig.dir)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('watch needs a terminal; use: vigil status'),
    });
  });
});

describe('with a real daemon', { timeout: 60_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-watch-'));
  const children: ChildProcess[] = [];
  let tmux: Tmux;
  const child = (command: string, ...args: string[]): ChildProcess => {
    const started = spawn(command, args, { stdio: 'ignore' });
    children.push(started);
    return started;
  };
  beforeAll(async () => {
    const config = join(dir, 'config.toml');
    writeFileSync(
      config,
      '[sampling]\nsample_interval_normal_s = 1\nsample_interval_alert_s = 1\n[notifications]\nenabled = false\n',
    );
    child(
      process.execPath,
      built.bin,
      'daemon',
      '--runtime-dir',
      dir,
      '--state-dir',
      join(dir, 'state'),
      '--config',
      config,
    );
    tmux = new Tmux(110, 30);
    await waitFor(() => built.run('status', '--runtime-dir', dir).stdout.includes('Memory'), 30_000);
  }, 60_000);
  afterAll(async () => {
    tmux.end();
    for (const one of children) if (one.exitCode === null && one.signalCode === null) one.kill('SIGTERM');
    await waitFor(() => children.every(one => one.exitCode !== null || one.signalCode !== null), 20_000);
    rmSync(dir, { recursive: true });
  });

  it('ends the process that was chosen, and no other', async () => {
    const victim = child('sleep', '98765.4');
    const bystander = child('sleep', '98765.5');
    tmux.type(`clear; ${built.bin} watch --runtime-dir ${dir}; echo "left $?"`);
    tmux.key('Enter');
    await tmux.shows(/^vigil \d/);
    tmux.type('a');
    tmux.key('Tab');
    tmux.type('/sleep 98765');
    await tmux.shows(/sleep 98765\.4[\s\S]*98765\.5|98765\.5[\s\S]*98765\.4/);
    tmux.key('BSpace');
    tmux.type('5.4');
    tmux.key('Enter');
    await tmux.shows(new RegExp(`▸ +${victim.pid} .*sleep 98765.4`));
    tmux.type('x');
    const question = await tmux.shows('YES, end it');
    expect(question).toMatch(
      new RegExp(`SIGTERM, then SIGKILL, for 1 process [\\s\\S]* ${victim.pid} +sleep 98765\\.4`),
    );
    expect(question).not.toContain('98765.5');
    tmux.type('n');
    await tmux.shows('Processes of the machine');
    expect(victim.signalCode).toBeNull();
    tmux.type('x');
    await tmux.shows('YES, end it');
    await new Promise(resolve => setTimeout(resolve, 500));
    tmux.type('y');
    await waitFor(() => victim.signalCode !== null, 10_000);
    expect(victim.signalCode).toBe('SIGTERM');
    await tmux.shows(/Nothing here has the text of the filter/);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    tmux.key('q');
    await tmux.shows('left 0');
  });
});
