import { type ChildProcess, execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { HelperHealth } from '../../../src/api/client/index.js';
import type { Badge } from '../../../src/outputs/desktop/badges/badge.js';
import { FakeAgent } from './agent.js';
import { TrayBar } from './bar.js';
import { Daemon } from './daemon.js';
import { Desktop, HAS_DESKTOP, type Notified, sleep, until } from './desktop.js';
import { FakeServer } from './fake-server.js';
import { CAN_BE_USERS, ended, Installed, ROOT, User } from './user.js';

/**
 * A real headless desktop of an ordinary user, vigil as root: what the person gets to see. Screenshots are
 * kept in build/screenshots for those who want to look.
 */

const CONFIG = `
[notifications]
min_work_seconds = 0.4
focused_grace_s = 1
[state]
exited_keep_s = 2
`;

const badgeSchema = z.fromJSONSchema(
  JSON.parse(readFileSync(join(ROOT, 'specs/contracts/badge.schema.json'), 'utf8')),
);

describe.skipIf(!CAN_BE_USERS || !HAS_DESKTOP)('a session', () => {
  let installed: Installed;
  let user: User;
  let desktop: Desktop;
  let daemon: Daemon;
  let swaync: ChildProcess;
  const running: FakeAgent[] = [];

  beforeAll(async () => {
    installed = new Installed();
    user = new User();
    desktop = new Desktop(user, installed);
    daemon = new Daemon(installed);
    user.servedBy(daemon.runtimeDir);
    await desktop.startBus();
    await Promise.all([desktop.startSway(), daemon.start(CONFIG)]);
    swaync = await desktop.startNotifications();
    await desktop.spy();
    // Somewhere else to look.
    await desktop.terminal(['sleep', '1000']);
    execFileSync('mkdir', ['-p', join(ROOT, 'build/screenshots')]);
    // The first agent brings the helper; what is measured below is a helper that is there.
    const { agent, window } = await started('first-of-all');
    agent.tell('busy');
    await until('a badge', () => badge(window), 10_000);
    await until('the bus', () => daemon.log().includes('connected to the session bus'), 10_000);
    agent.tell('exit 0');
    running.splice(0);
  }, 60_000);

  afterEach(async () => {
    for (const agent of running.splice(0)) agent.tell('exit 0');
    const left = async () =>
      (await daemon.agents()).filter(({ state, uid }) => uid === user.uid && state !== 'EXITED');
    const gone = async () => (await left()).length === 0;
    await until('all agents to be gone', gone, 2_000).catch(async () => {
      for (const { pid } of await left()) attempt(() => process.kill(pid, 'SIGKILL'));
    });
    await until('all agents to be gone', gone);
  });

  afterAll(async () => {
    await daemon?.stop();
    await user?.stop();
    if (daemon !== undefined) writeFileSync(join(ROOT, 'build/screenshots/daemon.log'), daemon.log());
    daemon?.remove();
    installed?.remove();
  });

  const badgePath = (window: number) => join(user.runtime, 'i3pm-badges', `${window}.json`);
  const badge = (window: number): Badge | null => readJson(badgePath(window));
  const shot = (name: string) => desktop.screenshot(join(ROOT, 'build/screenshots', `${name}.png`));
  const elsewhere = () => desktop.msg(`[con_id=${desktop.windows()[0]!.id}]`, 'focus');
  /** The first popup after the first `count` whose text has all these parts. */
  const notifiedSince = (count: number, what: string, ...parts: string[]): Promise<Notified> =>
    until(what, () =>
      desktop
        .notified()
        .slice(count)
        .find(({ summary, body }) => parts.every(part => `${summary}\n${body}`.includes(part))),
    );

  function agentIn(project: string): FakeAgent {
    const agent = new FakeAgent(user, installed, project);
    running.push(agent);
    return agent;
  }

  /** An agent in a window of its own that does not have the focus. */
  async function started(project: string): Promise<{ agent: FakeAgent; pid: number; window: number }> {
    const agent = agentIn(project);
    const { window } = await desktop.terminal(agent.command, agent.cwd);
    const pid = await agent.pid();
    await until('vigil to know the agent', async () => (await daemon.agents()).some(one => one.pid === pid));
    elsewhere();
    return { agent, pid, window };
  }

  it('shows a request: who, where, what; and a badge of the user’s own', async () => {
    const { agent, pid, window } = await started('shop');
    const before = desktop.notified().length;
    agent.tell('busy');
    await until('a badge', () => badge(window));
    expect(badge(window)).toMatchObject({
      state: 'working',
      source: 'claude-code',
      project: 'shop',
      needs_attention: false,
    });
    agent.tell('ask Bash npm test');
    const popup = await notifiedSince(before, 'a popup', 'npm test');
    expect(popup).toMatchObject({
      summary: 'Claude Code: approve?',
      body: expect.stringMatching(/^<b>shop<\/b>\nBash: npm test/),
      actions: ['default', 'Focus', 'focus', 'Focus', 'snooze', 'Snooze 5 min'],
      expires: 0,
    });
    expect(popup.hints).toMatchObject({ urgency: 2, category: 'x-vigil.request', 'desktop-entry': 'vigil' });
    const stopped = await until('the badge', () =>
      badge(window)?.state === 'stopped' ? badge(window) : null,
    );
    expect(stopped).toMatchObject({ window_id: window, count: 1, needs_attention: true });
    expect(badgeSchema.safeParse(stopped).error).toBeUndefined();
    expect(Object.keys(stopped)).toHaveLength(8);
    const stat = lstatSync(badgePath(window));
    expect([stat.uid, stat.gid, stat.mode & 0o7777, stat.isFile()]).toEqual([
      user.uid,
      user.gid,
      0o644,
      true,
    ]);
    expect((await daemon.agents()).find(one => one.pid === pid)).toMatchObject({
      asks: 'Bash: npm test',
      unseen: 1,
    });
    await sleep(300);
    shot('popup-approval');

    // Another request of the same agent takes the place of the first.
    agent.tell('question Which colour?');
    const second = await notifiedSince(before, 'the popup to change', 'question');
    expect(second).toMatchObject({ summary: 'Claude Code: question', replaces: popup.id, id: popup.id });

    agent.tell('busy');
    await until('the popup to be closed', () => desktop.closed().includes(popup.id));
    await until('the badge to work', () => badge(window)?.state === 'working');
    expect(badge(window)).toMatchObject({ count: 2, needs_attention: false });

    await sleep(1_200);
    agent.tell('idle');
    const done = await notifiedSince(before, 'a popup for the end of the turn', 'done');
    expect(done).toMatchObject({
      summary: 'Claude Code: done',
      body: expect.stringMatching(/^<b>shop<\/b>\nworked \d s$/),
    });
    expect(done.hints).toMatchObject({ urgency: 1, category: 'x-vigil.done' });

    // The person looks: popup and badge go.
    await sleep(1_000);
    desktop.msg(`[con_id=${window}]`, 'focus');
    await until('the badge to go', () => !existsSync(badgePath(window)));
    await until('the popup to go', () => desktop.closed().includes(done.id));
    elsewhere();
    agent.tell('busy');
    await until('the badge', () => badge(window));
    agent.tell('exit 0');
    running.splice(0);
    await until('the badge to go with the agent', () => !existsSync(badgePath(window)));
    const told = desktop.notified().slice(before);
    expect([...new Set(told.map(({ summary }) => summary))]).toHaveLength(3);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  }, 60_000);

  it('is silent when the person looks, and after short turns', async () => {
    const { agent, window } = await started('quiet');
    const before = desktop.notified().length;
    agent.tell('busy');
    await sleep(150);
    agent.tell('idle');
    await until('the badge to stop', () => badge(window)?.state === 'stopped');
    desktop.msg(`[con_id=${window}]`, 'focus');
    agent.tell('busy');
    await sleep(700);
    agent.tell('idle');
    await until('the badge to stop', () => badge(window)?.state === 'stopped');
    expect(Date.now() / 1000 - badge(window)!.timestamp).toBeLessThan(1);
    await until('the badge to be seen', () => !existsSync(badgePath(window)));
    expect(desktop.notified()).toHaveLength(before);

    // A request in the focused window is shown when nobody answers it for a while.
    agent.tell('ask Bash rm -rf build');
    const asked_ms = performance.timeOrigin + performance.now();
    const popup = await notifiedSince(before, 'a popup', 'rm -rf');
    expect(popup.time_ms - asked_ms).toBeGreaterThan(900);
    // Not answered, and the person goes away: the badge says so again.
    await until('the badge to be seen', () => !existsSync(badgePath(window)));
    elsewhere();
    await until('the badge to be back', () => badge(window)?.needs_attention);
  }, 60_000);

  it('a click on Focus goes to workspace, window and pane', async () => {
    const agent = agentIn('in-tmux');
    desktop.msg('workspace', '2');
    const { window, foot } = await desktop.terminal([
      'tmux',
      '-L',
      'vigil-test',
      '-f',
      '/dev/null',
      'new',
      '-s',
      'work',
      'sleep 1000',
    ]);
    const tmux = (...args: string[]) => user.run(['tmux', '-L', 'vigil-test', ...args]);
    await until('tmux', () => attempt(() => tmux('list-sessions')));
    tmux('new-window', '-d', '-n', 'agent', '-c', agent.cwd, agent.command.join(' '));
    tmux('split-window', '-d', '-t', 'work:agent', 'sleep 1000');
    tmux('select-pane', '-t', 'work:agent.1');
    await agent.pid();
    const shown = () => tmux('display-message', '-p', '-t', 'work:', '#{window_name} #{pane_index}').trim();
    expect(shown()).not.toMatch(/^agent/);
    await ended(swaync);
    const server = new FakeServer(user, installed, desktop.busAddress);
    await server.start();
    // The window has the focus, but tmux shows another one: that is not seeing it.
    agent.tell('busy');
    await until('the badge', () => badge(window));
    agent.tell('ask Bash make');
    const popup = await until('a popup', () =>
      server.notified().find(({ body }) => body.includes('Bash: make')),
    );
    expect(popup).toMatchObject({ summary: 'Claude Code: approve?', body: '<b>in-tmux</b>\nBash: make' });
    await until('the badge', () => badge(window)?.needs_attention);
    desktop.msg('workspace', '1');
    server.press(popup.id, 'default');
    await until('the window to have the focus', () => desktop.focusedWindow() === window);
    await until('tmux to show the pane', () => shown() === 'agent 0');
    await until('the badge to be seen', () => !existsSync(badgePath(window)));
    agent.tell('exit 0');
    running.splice(0);
    tmux('kill-server');
    await ended(foot);
    desktop.msg('workspace', '1');
    await server.stop();
    swaync = await desktop.startNotifications();
  }, 60_000);

  it('vigil focus goes to the agent that waits longest, and only for its user', async () => {
    const first = await started('first');
    const second = await started('second');
    const vigil = (...args: string[]) => user.run([process.execPath, installed.bin, ...args]);
    expect(() => vigil('focus', 'next')).not.toThrow();
    const states = () => JSON.parse(vigil('agents', '--json')) as { pid: number; state: string }[];
    for (const { agent, pid } of [first, second]) {
      agent.tell('busy');
      await until('it to work', () => states().find(one => one.pid === pid)?.state === 'WORKING');
      agent.tell('ask Bash ls');
      await until('it to wait', () => states().find(one => one.pid === pid)?.state === 'WAITING');
    }
    elsewhere();
    vigil('focus', 'next');
    await until('the first one’s window', () => desktop.focusedWindow() === first.window);
    vigil('focus', String(second.pid));
    await until('the second one’s window', () => desktop.focusedWindow() === second.window);
    const stranger = new User('vigilother');
    stranger.servedBy(daemon.runtimeDir);
    const theirs =
      (...args: string[]) =>
      () =>
        stranger.run([process.execPath, installed.bin, ...args]);
    expect(JSON.parse(theirs('agents', '--json')())).toEqual([]);
    expect(theirs('focus', String(first.pid))).toThrow(/not_found|belongs to no agent/);
    expect(theirs('focus', 'next')).toThrow(/no agent of yours waits/);
    // Root may see them, but they are not root's to be shown.
    expect(daemon.vigil('focus', String(first.pid)).status).toBe(1);
  }, 60_000);

  it('agents that share a window share a badge; agents without one have their own', async () => {
    const [one, two, ghost] = [agentIn('one'), agentIn('two'), agentIn('ghost')];
    const { window, foot } = await desktop.terminal([
      'tmux',
      '-L',
      'vigil-two',
      '-f',
      '/dev/null',
      'new',
      '-c',
      one.cwd,
      one.command.join(' '),
    ]);
    await one.pid();
    user.run(['tmux', '-L', 'vigil-two', 'new-window', '-d', '-c', two.cwd, two.command.join(' ')]);
    user.run([
      'tmux',
      '-L',
      'vigil-ghost',
      '-f',
      '/dev/null',
      'new',
      '-d',
      '-c',
      ghost.cwd,
      ghost.command.join(' '),
    ]);
    const pid = await ghost.pid();
    elsewhere();
    await until(
      'all three',
      async () =>
        (await daemon.agents()).filter(({ uid, state }) => uid === user.uid && state !== 'EXITED').length ===
        3,
    );
    for (const agent of [one, two, ghost]) agent.tell('busy');
    await until('the badge', () => badge(window));
    one.tell('idle');
    await until('it to need attention', () => badge(window)?.needs_attention);
    expect(badge(window)).toMatchObject({ project: 'one', state: 'stopped', count: 1 });
    two.tell('ask Bash make');
    await until('the request to win', () => badge(window)?.project === 'two');
    expect(badge(window)).toMatchObject({ state: 'stopped', count: 2 });
    const own = join(user.runtime, 'vigil-sessions', `${pid}.json`);
    const session = readJson<Badge>(own);
    expect(session).toMatchObject({
      window_id: pid,
      state: 'working',
      project: 'ghost',
      tty: expect.stringMatching(/^pts\/\d+$/),
    });
    expect(badgeSchema.safeParse(session).error).toBeUndefined();
    two.tell('exit 0');
    await until('the sibling’s badge to stay', () => badge(window)?.project === 'one');
    one.tell('exit 0');
    await until('the badge to go', () => !existsSync(badgePath(window)));
    ghost.tell('exit 0');
    await until('the other badge to go', () => !existsSync(own));
    running.splice(0);
    await ended(foot);
  }, 60_000);

  it('a badge goes with its window, though the agent lives on in its tmux', async () => {
    const agent = agentIn('detached');
    const tmux = ['tmux', '-L', 'vigil-detached'];
    const command = [...tmux, '-f', '/dev/null', 'new', '-c', agent.cwd, agent.command.join(' ')];
    const { window, foot } = await desktop.terminal(command);
    const pid = await agent.pid();
    elsewhere();
    agent.tell('busy');
    await until('the badge', () => badge(window));
    await ended(foot);
    await until('the badge to go with the window', () => !existsSync(badgePath(window)));
    const homeless = join(user.runtime, 'vigil-sessions', `${pid}.json`);
    await until('the badge of its session', () => readJson<Badge>(homeless)?.state === 'working');
    // In another window it has one again.
    const next = await desktop.terminal([...tmux, 'attach']);
    elsewhere();
    agent.tell('ask Bash make');
    await until('the badge of the new window', () => badge(next.window)?.needs_attention);
    await until('the other to go', () => !existsSync(homeless));
    agent.tell('exit 0');
    running.splice(0);
    await ended(next.foot);
  }, 60_000);

  it('has its own words for an agent that crashed', async () => {
    const { agent, pid } = await started('crash');
    const before = desktop.notified().length;
    agent.tell('busy');
    await until('it to work', async () =>
      (await daemon.agents()).some(one => one.pid === pid && one.state === 'WORKING'),
    );
    process.kill(pid, 'SIGKILL');
    running.splice(0);
    expect(await notifiedSince(before, 'a popup')).toMatchObject({
      summary: 'Claude Code: killed',
      body: expect.stringMatching(/^<b>crash<\/b>\nSIGKILL/),
      icon: 'dialog-error',
    });
  }, 60_000);

  it('shows hostile names as what they are', async () => {
    const { agent, window } = await started('<b>x<i> & \u202egpj.exe\u001b[31m');
    const before = desktop.notified().length;
    agent.tell('busy');
    await sleep(60);
    agent.tell('ask Bash echo "<img src=x>" & true \u202e\u0007');
    const popup = await notifiedSince(before, 'a popup', 'img');
    expect(popup.body).toBe(
      '<b>&lt;b&gt;x&lt;i&gt; &amp; \\u202egpj.exe\\x1b[31m</b>\nBash: echo &quot;&lt;img src=x&gt;&quot; &amp; true \\u202e\\x07',
    );
    expect((await until('the badge', () => badge(window))).project).toBe('<b>x<i> & \\u202egpj.exe\\x1b[31m');
    await sleep(300);
    shot('popup-hostile');
  }, 60_000);

  /** waybar with the module of contrib/ and a tray, to be run with `vigil` of the user's bin folder in PATH. */
  function barCommand(): string[] {
    const config = join(user.runtime, 'waybar.json');
    const style = join(user.runtime, 'waybar.css');
    writeFileSync(
      config,
      JSON.stringify({
        include: [join(ROOT, 'contrib/waybar/vigil.jsonc')],
        'modules-left': ['custom/vigil'],
        'modules-right': ['tray'],
        height: 28,
      }),
    );
    writeFileSync(
      style,
      `@import "${ROOT}contrib/waybar/vigil.css";\n* { font-family: sans-serif; font-size: 14px; }`,
    );
    user.makeDirectory(join(user.runtime, 'bin'));
    if (!existsSync(join(user.runtime, 'bin/vigil')))
      symlinkSync(installed.bin, join(user.runtime, 'bin/vigil'));
    return ['waybar', '--config', config, '--style', style];
  }

  it('waybar shows the module of contrib/', async () => {
    const { agent, window } = await started('bar');
    const command = barCommand();
    const env = {
      ...desktop.env,
      PATH: `${user.runtime}/bin:${user.env.PATH}`,
      VIGIL_RUNTIME_DIR: daemon.runtimeDir,
    };
    const lines: string[] = [];
    const follower = user.spawn([process.execPath, installed.bin, 'bar', 'waybar', '--follow'], env);
    follower.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
    const waybar = user.spawn(command, env);
    let said = '';
    waybar.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until('a line', () => lines.length > 0);
    agent.tell('busy');
    await until('it to work', () => lines.some(line => line.includes('"▶ 1"')));
    agent.tell('ask Bash npm run <all>');
    const line = await until('it to ask', () => lines.find(one => one.includes('"? 1"')));
    expect(JSON.parse(line)).toMatchObject({
      alt: 'approval',
      class: ['approval', 'attention'],
      percentage: 0,
    });
    await until('what it asks', () => lines.some(one => one.includes('Bash: npm run &lt;all&gt;')));
    const eww = JSON.parse(user.run([process.execPath, installed.bin, 'bar', 'eww', '--no-follow'], env));
    expect(eww).toEqual({
      sessions: [
        {
          id: await agent.pid(),
          state: 'stopped',
          reason: 'approval',
          source: 'claude-code',
          project: 'bar',
          needs_attention: true,
          trouble: false,
          count: 1,
        },
      ],
      has_working: false,
    });
    // The tray of the same bar.
    const items = () =>
      desktop.send(
        'org.kde.StatusNotifierWatcher',
        '/StatusNotifierWatcher',
        'org.freedesktop.DBus.Properties.Get',
        'string:org.kde.StatusNotifierWatcher',
        'string:RegisteredStatusNotifierItems',
      );
    const item = await until('the icon in the tray', () => /:1\.\d+/.exec(items())?.[0]);
    const ask = (name: string) =>
      desktop.send(
        item,
        '/StatusNotifierItem',
        'org.freedesktop.DBus.Properties.Get',
        'string:org.kde.StatusNotifierItem',
        `string:${name}`,
      );
    await until('the icon to say so', () => ask('Status').includes('NeedsAttention'));
    expect(ask('ToolTip')).toContain('1 agent, 1 waiting for you');
    const menu = (member: string, ...args: string[]) =>
      desktop.send(item, '/MenuBar', `com.canonical.dbusmenu.${member}`, ...args);
    expect(menu('GetLayout', 'int32:0', 'int32:-1', 'array:string:')).toMatch(
      /bar {2}approval: Bash: npm run <all> · Focus[\s\S]*Pause monitoring[\s\S]*Quit/,
    );
    await sleep(1_000);
    shot('waybar');
    elsewhere();
    menu('Event', 'int32:1', 'string:clicked', 'variant:int32:0', 'uint32:0');
    await until('the window to have the focus', () => desktop.focusedWindow() === window);
    elsewhere();
    await until('the badge', () => badge(window)?.needs_attention);
    menu('Event', 'int32:3', 'string:clicked', 'variant:int32:0', 'uint32:0');
    await until('the badge to go while paused', () => !existsSync(badgePath(window)));
    menu('Event', 'int32:3', 'string:clicked', 'variant:int32:0', 'uint32:0');
    await until('the badge to be back', () => badge(window)?.needs_attention);
    expect(said).not.toMatch(/error/i);
    await ended(waybar);
    await ended(follower);
  }, 60_000);

  it('says trouble once in words of its own, and leaves the one alone whom its person stopped', async () => {
    const lines: string[] = [];
    const env = { ...desktop.env, VIGIL_RUNTIME_DIR: daemon.runtimeDir };
    const follower = user.spawn([process.execPath, installed.bin, 'bar', 'waybar', '--follow'], env);
    follower.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
    const waybar = user.spawn(barCommand(), { ...env, PATH: `${user.runtime}/bin:${user.env.PATH}` });
    const before = desktop.notified().length;
    const in_s = Math.floor(Date.now() / 1000) + 7_200;
    const troubles = [
      [
        'limit',
        `rate_limit Claude AI usage limit reached|${in_s}`,
        'out of quota',
        /its quota is used up until/,
      ],
      ['auth', 'authentication_failed Please run /login', 'login needed', /its login is not valid any more/],
      ['error', 'server_error API Error: 500', 'API error', /the turn ended in an error of the API/],
    ] as const;
    for (const [reason, failure, summary, body] of troubles) {
      const { agent, window } = await started(`in-${reason}`);
      agent.tell('busy');
      await until('a badge', () => badge(window));
      agent.tell(`fail ${failure}`);
      const popup = await notifiedSince(before, 'a popup', `<b>in-${reason}</b>`);
      expect(popup).toMatchObject({
        summary: `Claude Code: ${summary}`,
        body: expect.stringMatching(body),
        hints: { urgency: 2 },
      });
      await until('the badge', () => badge(window)?.needs_attention);
    }
    await until('the bar', () => lines.at(-1)?.includes('"text":"! 3"'));
    const asleep = await started('asleep');
    asleep.agent.tell('busy');
    await until('a badge', () => badge(asleep.window));
    process.kill(asleep.pid, 'SIGSTOP');
    await until('it to be asleep', () => lines.at(-1)?.includes('"text":"! 3 z 1"'));
    await until('no badge', () => !existsSync(badgePath(asleep.window)));
    await sleep(1_500);
    shot('popups-trouble');
    process.kill(asleep.pid, 'SIGCONT');
    await until('it to work again', () => lines.at(-1)?.includes('"text":"! 3 ▶ 1"'));
    expect(desktop.notified().slice(before)).toHaveLength(3);
    await ended(waybar);
    await ended(follower);
  }, 60_000);

  it('lives through a compositor and a bus that start again, and a helper that is killed', async () => {
    const { agent, window, pid } = await started('survivor');
    agent.tell('busy');
    await until('a badge', () => badge(window));
    const helper = () => helperPid(user.uid, installed.helper);
    const first = await until('the helper', helper);
    expect(identity(first)).toEqual({
      Uid: `${user.uid} ${user.uid} ${user.uid} ${user.uid}`,
      Gid: `${user.gid} ${user.gid} ${user.gid} ${user.gid}`,
      Groups: String(user.gid),
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
    });
    expect(environment(first).sort()).toEqual([
      'HOME',
      'LOGNAME',
      'MALLOC_ARENA_MAX',
      'PATH',
      'USER',
      'XDG_RUNTIME_DIR',
    ]);

    process.kill(first, 'SIGKILL');
    await until('another helper', () => helper() !== null && helper() !== first);
    await until('the badge of the new helper', () => badge(window)?.state === 'working');

    const before = desktop.notified().length;
    await desktop.stopBus();
    await desktop.startBus();
    await desktop.startNotifications();
    await desktop.spy();
    agent.tell('ask Bash make');
    expect(await notifiedSince(before, 'a popup on the new bus')).toMatchObject({
      summary: 'Claude Code: approve?',
    });

    // The terminal dies with its compositor, and the agent with it.
    await desktop.stopSway();
    running.splice(0);
    await until('the badge to go', () => !existsSync(badgePath(window)));
    await until(
      'the agent to go',
      async () => !(await daemon.agents()).some(one => one.pid === pid && one.state !== 'EXITED'),
    );
    await desktop.startSway();
    await desktop.startNotifications();
    await desktop.terminal(['sleep', '1000']);
    const next = await started('after');
    next.agent.tell('busy');
    await until('a badge in the new session', () => badge(next.window));
  }, 40_000);

  it('a crashed vigil leaves nothing behind that the next one does not clean', async () => {
    const { agent, window } = await started('crashed');
    agent.tell('busy');
    await until('a badge', () => badge(window));
    const foreign = join(user.runtime, 'i3pm-badges', '424242.json');
    user.run(['sh', '-c', `echo '{}' > ${foreign}`]);
    const helper = helperPid(user.uid, installed.helper)!;
    process.kill(helper, 'SIGSTOP');
    daemon.kill();
    process.kill(helper, 'SIGKILL');
    agent.tell('exit 0');
    running.splice(0);
    await until('the agent to go', () => desktop.windows().every(({ id }) => id !== window));
    expect(existsSync(badgePath(window))).toBe(true);
    await daemon.start(CONFIG);
    await started('cleaner');
    await until('the badge to be cleaned', () => !existsSync(badgePath(window)));
    expect(existsSync(foreign)).toBe(true);
  }, 60_000);

  /** The user's helper, once it serves the desktop. */
  const own = async (): Promise<HelperHealth | null> => {
    const { helpers } = await daemon.ask(client => client.call('health'));
    return helpers.find(({ uid, desktop }) => uid === user.uid && desktop?.session_bus) ?? null;
  };

  it('vigil health tells of the helper, and of one that hangs until another takes its place', async () => {
    const { agent } = await started('health');
    agent.tell('busy');
    const first = await until('the helper', own);
    expect(first).toMatchObject({
      user: user.name,
      state: 'running',
      problem: null,
      desktop: { session_bus: true, compositor: 'sway', note: null },
    });
    expect(first.rss_bytes).toBeGreaterThan(10_000_000);
    expect(daemon.vigil('health').stdout).toMatch(
      new RegExp(`helper of ${user.name}: running \\(pid ${first.pid}, \\d+M\\), sway, session bus`),
    );
    process.kill(first.pid!, 'SIGSTOP');
    await until('the log to say so', () => daemon.log().includes('the helper of a user hangs'), 35_000);
    const next = await until('another helper', async () => {
      const helper = await own();
      return helper?.state === 'running' && helper.pid !== first.pid && helper;
    });
    expect(next.restarts).toBeGreaterThan(first.restarts);
  }, 60_000);

  it('a killed daemon leaves a red icon, the next takes it over; vigil tray shows one without agents', async () => {
    const bar = new TrayBar(desktop);
    const waybar = bar.start();
    const { agent } = await started('widow');
    agent.tell('busy');
    await bar.saying('1 agent');
    const helper = helperPid(user.uid, installed.helper);
    daemon.kill();
    await bar.saying('vigil is not running');
    expect(helperPid(user.uid, installed.helper)).toBe(helper);
    shot('tray-red-daemon');
    await daemon.start(CONFIG);
    await bar.saying('1 agent');

    const standby = user.spawn([process.execPath, installed.bin, 'tray'], desktop.env);
    let stderr = '';
    standby.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await sleep(3_000);
    expect(bar.items()).toHaveLength(1);
    await daemon.stop();
    await bar.saying('vigil is not running');
    for (const one of running.splice(0)) one.tell('exit 0');
    await daemon.start(CONFIG);
    const item = await bar.saying('no agents');
    bar.click(item, 'Quit until the next login');
    await until('vigil tray to end', () => standby.exitCode !== null);
    expect([standby.exitCode, stderr, bar.items()]).toEqual([0, '', []]);
    expect(existsSync(join(user.runtime, 'vigil/quit'))).toBe(true);
    // Asking for it takes it back.
    const again = user.spawn([process.execPath, installed.bin, 'tray'], desktop.env);
    await bar.saying('no agents');
    expect(existsSync(join(user.runtime, 'vigil/quit'))).toBe(false);
    await ended(again);
    await ended(waybar);
  }, 60_000);

  it('takes everything along when it ends, and never wrote as root', async () => {
    const { agent, window } = await started('last');
    const before = desktop.notified().length;
    agent.tell('busy');
    agent.tell('ask Bash make');
    const popup = await notifiedSince(before, 'a popup');
    await until('a badge', () => badge(window));
    await daemon.stop();
    expect(existsSync(badgePath(window))).toBe(false);
    await until('the popup to be closed', () => desktop.closed().includes(popup.id));
    await until('the helper to end', () => helperPid(user.uid, installed.helper) === null);
    const roots = execFileSync(
      'find',
      [user.runtime, user.home, '-uid', '0', '-not', '-name', 'waybar.*', '-not', '-name', 'vigil'],
      { encoding: 'utf8' },
    );
    expect(roots).toBe('');
    expect(daemon.log()).not.toMatch(/not understood|does not keep to its protocol/);
    await daemon.start(CONFIG);
  }, 60_000);
});

function attempt(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    // Never a half-written one: only absence is an answer.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Other daemons on this machine may have helpers of their own. */
function helperPid(uid: number, script: string): number | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (statSync(`/proc/${name}`).uid !== uid) continue;
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(script)) return Number(name);
    } catch {
      // gone
    }
  }
  return null;
}

function identity(pid: number): Record<string, string> {
  const wanted = ['Uid', 'Gid', 'Groups', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs'];
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
  return Object.fromEntries(
    wanted.map(key => [
      key,
      lines
        .find(line => line.startsWith(`${key}:`))!
        .slice(key.length + 1)
        .trim()
        .replace(/\s+/g, ' '),
    ]),
  );
}

function environment(pid: number): string[] {
  return readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .filter(entry => entry !== '')
    .map(entry => entry.split('=', 1)[0]!);
}
