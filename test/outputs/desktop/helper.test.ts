import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Badge } from '../../../src/outputs/desktop/badges/badge.js';
import { sleep, until } from './desktop.js';
import { FakeServer } from './fake-server.js';
import { HelperRig, helperAgent, nowMs, type Overrides } from './helper-rig.js';
import { CAN_BE_USERS, ended, hasProgram, Installed, User } from './user.js';

/** A helper alone, as an ordinary user, told what to show by the test: what can go wrong around it. */

const can = CAN_BE_USERS && hasProgram('dbus-daemon');

describe.skipIf(!can)('a helper', () => {
  let installed: Installed;
  let user: User;
  let server: FakeServer;
  let rig: HelperRig | null = null;
  let bus: ReturnType<User['spawn']>;
  const pid = 4_100_000;
  const badgeDir = () => join(user.runtime, 'vigil-sessions');
  const badgeFile = () => join(badgeDir(), `${pid}.json`);
  const badge = (): Badge | null =>
    existsSync(badgeFile()) ? JSON.parse(readFileSync(badgeFile(), 'utf8')) : null;

  beforeAll(async () => {
    installed = new Installed();
    user = new User('vigilhand');
    server = new FakeServer(user, installed, `unix:path=${user.runtime}/bus`);
    await startBus();
  }, 30_000);

  afterEach(async () => {
    if (rig?.alive) await rig.end();
    expect(rig?.stderr ?? '').toBe('');
    rig = null;
    await server.stop();
    spawnSync('umount', [badgeDir()]);
    rmSync(badgeDir(), { recursive: true, force: true });
  });

  afterAll(async () => {
    await user?.stop();
    installed?.remove();
  });

  async function startBus(): Promise<void> {
    rmSync(join(user.runtime, 'bus'), { force: true });
    bus = user.spawn([
      'dbus-daemon',
      '--session',
      '--nofork',
      '--nosyslog',
      `--address=unix:path=${user.runtime}/bus`,
    ]);
    await until('the bus', () => existsSync(join(user.runtime, 'bus')));
  }

  function start(config: Overrides = {}): HelperRig {
    rig = HelperRig.start(user, installed, config);
    return rig;
  }

  const asking = (asks: string | null = 'Bash: npm test', since_ms = nowMs()) =>
    helperAgent({ state: 'WAITING', reason: 'approval', since_ms, asks });
  const done = (worked_ms = 60_000) =>
    helperAgent({ state: 'WAITING', reason: 'done', since_ms: nowMs(), worked_ms });

  it('tells the daemon’s time, though the wall clock was set since that one started', async () => {
    await server.start();
    const behind_ms = 500 * 3_600_000;
    rig = HelperRig.start(user, installed, {}, Date.now() - uptime() * 1000 - behind_ms);
    rig.agents(helperAgent());
    await until('a badge', badge);
    // Its readers know the wall clock alone.
    expect(Math.abs(Date.now() / 1000 - badge()!.timestamp)).toBeLessThan(60);
    rig.agents(
      helperAgent({
        state: 'WAITING',
        reason: 'done',
        since_ms: nowMs() - behind_ms,
        started_ms: nowMs() - behind_ms - 60_000,
        worked_ms: 60_000,
      }),
    );
    await until('its popup', () => server.notified().length === 1);
    expect(server.notified()[0]!.summary).toBe('Claude Code: done');
  });

  describe('badges', () => {
    it('are removed with the helper, and only its own', async () => {
      const helper = start();
      user.makeDirectory(badgeDir());
      user.run(['touch', join(badgeDir(), '17.json')]);
      helper.agents(helperAgent());
      await until('a badge', badge);
      expect(badge()).toMatchObject({ window_id: pid, state: 'working', tty: 'pts/77', project: 'shop' });
      expect(await helper.end()).toBe(0);
      expect(readdirSync(badgeDir())).toEqual(['17.json']);
    });

    it.each([
      [
        'a symbolic link',
        () => user.run(['ln', '-s', '/tmp', badgeDir()]),
        'is not a folder, or is a symbolic link',
      ],
      ['a file', () => user.run(['touch', badgeDir()]), 'is not a folder'],
      ['somebody else’s', () => mkdirSync(badgeDir()), 'belongs to uid 0'],
      ['everybody’s', () => chmodSync(user.makeDirectory(badgeDir()), 0o777), 'everybody may write'],
      ['read-only', () => mount('ro'), 'on a read-only file system'],
      ['full', () => fill(), 'the disk is full'],
    ])(
      'a folder that is %s is refused with one clear line, and tried again',
      async (_what, make, message) => {
        make();
        const helper = start();
        helper.agents(helperAgent());
        await helper.hasLogged(message);
        // More of the same says nothing more.
        for (let i = 0; i < 5; i++) helper.agents(helperAgent({ since_ms: nowMs() + i }));
        await sleep(200);
        expect(helper.logs().filter(line => line.includes('cannot write badges'))).toHaveLength(1);
        spawnSync('umount', [badgeDir()]);
        rmSync(badgeDir(), { recursive: true, force: true });
        helper.agents(done());
        await until('a badge after all', badge);
        await helper.hasLogged('badges can be written again');
        expect(readdirSync(badgeDir())).toEqual([`${pid}.json`]);
      },
    );

    it('do not follow a link in their place, and leave no half-written file', async () => {
      const victim = join(user.home, 'victim');
      user.run(['sh', '-c', `echo precious > ${victim}`]);
      user.makeDirectory(badgeDir());
      user.run(['ln', '-s', victim, badgeFile()]);
      const helper = start();
      helper.agents(helperAgent());
      await until('a badge', () => lstatSync(badgeFile()).isFile());
      expect(badge()).toMatchObject({ state: 'working' });
      expect(readFileSync(victim, 'utf8')).toBe('precious\n');
      helper.agents();
      await until('it to go', () => !existsSync(badgeFile()));
      expect(readdirSync(badgeDir())).toEqual([]);
    });

    function mount(...options: string[]): void {
      const dir = user.makeDirectory(badgeDir());
      execFileSync('mount', [
        '-t',
        'tmpfs',
        '-o',
        ['size=4k', `uid=${user.uid}`, 'mode=755', ...options].join(),
        'vigil',
        dir,
      ]);
    }

    function fill(): void {
      mount();
      spawnSync('sh', ['-c', `cat /dev/zero > ${badgeDir()}/filler 2>/dev/null`]);
      chownSync(join(badgeDir(), 'filler'), user.uid, user.gid);
    }
  });

  describe('popups', () => {
    it('go with the answer, and come back after a snooze was over', async () => {
      await server.start();
      // A minute of the config is the least there is; here it is a twentieth of a second.
      const helper = start({ notifications: { snooze_minutes: 0.001 } });
      helper.agents(asking());
      const popup = await until('a popup', () => server.notified()[0]);
      expect(popup.actions).toContain('snooze');
      server.press(popup.id, 'snooze');
      server.dismiss(popup.id);
      const again = await until('it to come back', () => server.notified()[1]);
      expect(again).toMatchObject({ replaces: 0, summary: 'Claude Code: approve?' });
      // Put away by the person: it stays away.
      server.dismiss(again.id);
      await sleep(150);
      helper.agents(helperAgent());
      await sleep(100);
      expect(server.notified()).toHaveLength(2);
    });

    it('remind once when nobody answers', async () => {
      await server.start();
      const helper = start({ notifications: { remind_after_s: 0.3 } });
      helper.agents(asking());
      const first = await until('a popup', () => server.notified()[0]);
      server.dismiss(first.id);
      await until('a reminder', () => server.notified()[1]);
      await sleep(500);
      expect(server.notified()).toHaveLength(2);
    });

    it('remind of what was shown late, too', async () => {
      const helper = start({ notifications: { remind_after_s: 0.3 } });
      helper.agents(asking());
      await helper.hasLogged('cannot show notifications');
      await sleep(400);
      await server.start();
      await until('a popup', () => server.notified()[0]);
      await until('a reminder', () => server.notified()[1]);
      await sleep(500);
      expect(server.notified()).toHaveLength(2);
    });

    it('heed what the person does at once, before they are said to be there', async () => {
      await server.start('hasty');
      const helper = start({ notifications: { snooze_minutes: 0.001 } });
      helper.agents(asking());
      // The server says that it was snoozed and dismissed in the moment in which it answers.
      const again = await until('it to come back', () => server.notified()[1]);
      expect(again).toMatchObject({ replaces: 0 });
    });

    it('speak to a server without markup and actions in plain words', async () => {
      await server.start('plain');
      const helper = start();
      helper.agents({ ...asking('Bash: a < b && c'), cwd: '/x/<b>y' });
      expect(await until('a popup', () => server.notified()[0])).toMatchObject({
        body: '<b>y\nBash: a < b && c',
        actions: [],
      });
    });

    it('cut a line of a megabyte', async () => {
      await server.start();
      const helper = start();
      helper.agents({ ...asking('x'.repeat(500)), cwd: `/${'y'.repeat(4000)}` });
      const { body } = await until('a popup', () => server.notified()[0]);
      expect(body.length).toBeLessThan(400);
      helper.raw(`${'z'.repeat(9_000_000)}\n`);
      await helper.hasLogged('a line of more than');
      helper.raw('{"type":"agents","agents":[{"pid":-1}]}\nnot json\n');
      await helper.hasLogged('a line that is not JSON');
      helper.agents(helperAgent());
      await until('the popup to go', () => server.closed().length === 1);
    });

    it('1,000 flips make one popup at a time, and the last state wins, also with a slow server', async () => {
      await server.start('slow');
      const helper = start();
      for (let i = 0; i < 1000; i++) helper.agents(i % 2 === 0 ? asking(`Bash: ${i}`) : helperAgent());
      helper.agents(asking('Bash: the last one'));
      await until('the last state', () => server.notified().at(-1)?.body.includes('the last one'), 8_000);
      const live = new Set<number>();
      let most = 0;
      for (const { call, id } of server.calls) {
        if (call === 'Notify') live.add(id);
        if (call === 'CloseNotification') live.delete(id);
        most = Math.max(most, live.size);
      }
      expect(most).toBe(1);
      expect(badge()).toMatchObject({ state: 'stopped' });
    }, 60_000);

    it('wait for a server, and show a new one what was not answered', async () => {
      const helper = start();
      helper.agents(asking());
      await helper.hasLogged('cannot show notifications');
      await server.start('die');
      await until('the first try', () => server.notified().length === 1);
      await server.stop();
      await server.start();
      const popup = await until('the popup on the new server', () => server.notified()[0]);
      expect(popup.replaces).toBe(0);
      await helper.hasLogged('the notification server answers again');
      expect(helper.logs().filter(line => line.startsWith('cannot show'))).not.toHaveLength(0);
    });

    it('are not forced on a server that denies', async () => {
      await server.start('deny');
      const helper = start();
      for (let i = 0; i < 20; i++) helper.agents(asking(`Bash: ${i}`));
      await helper.hasLogged('cannot show notifications: not you');
      await sleep(200);
      expect(helper.logs().filter(line => line.includes('not you'))).toHaveLength(1);
    });

    it('believe only the server when it speaks of clicks', async () => {
      await server.start();
      const helper = start({ notifications: { snooze_minutes: 60 } });
      helper.agents(asking());
      const { id } = await until('a popup', () => server.notified()[0]);
      const path = '/org/freedesktop/Notifications';
      const forged = [
        '--type=signal',
        path,
        'org.freedesktop.Notifications.ActionInvoked',
        `uint32:${id}`,
        'string:snooze',
      ];
      user.run(['dbus-send', `--bus=unix:path=${user.runtime}/bus`, ...forged]);
      await sleep(200);
      expect(server.closed()).toEqual([]);
      server.press(id, 'snooze');
      await until('the popup to go', () => server.closed().includes(id));
    });

    it('survive a bus that starts again', async () => {
      await server.start();
      const helper = start();
      helper.agents(asking());
      await until('a popup', () => server.notified()[0]);
      await server.stop();
      await ended(bus);
      await helper.hasLogged('the session bus is gone');
      await startBus();
      await server.start();
      await until('the popup on the new bus', () => server.notified()[0]);
    });
  });

  it('leaves the desktop to another that serves it, until that one ends', async () => {
    await server.start();
    const first = start();
    first.agents(asking());
    await until('a popup', () => server.notified()[0]);
    const second = HelperRig.start(user, installed);
    second.agents(asking());
    await second.hasLogged('another vigil serves this desktop');
    expect(server.notified()).toHaveLength(1);
    await first.kill();
    rig = second;
    await until('the other to take over', () => server.notified().length === 2, 8_000);
  }, 60_000);

  it('says what keeps it from the desktop, and serves it once that is mended', async () => {
    const folder = join(user.runtime, 'vigil');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o755 });
    const helper = start();
    helper.agents(helperAgent());
    await helper.hasLogged(`${folder} may not be written into: it must belong to this user`);
    expect(helper.logs().join()).not.toContain('another vigil');
    chownSync(folder, user.uid, user.gid);
    await helper.hasLogged('this vigil serves the desktop now');
    await until('a badge', badge);
  }, 60_000);

  it('survives logout and login', async () => {
    const helper = start();
    helper.agents(helperAgent());
    await until('a badge', badge);
    await ended(bus);
    rmSync(user.runtime, { recursive: true });
    await sleep(1_500);
    expect(helper.alive).toBe(true);
    user.makeDirectory(user.runtime, 0o700);
    await startBus();
    await until('the badge of the new session', badge, 8_000);
  }, 60_000);

  it('reads what agents write, and is not fooled by what lies there', async () => {
    const home = join(user.home, '.claude');
    user.run(['mkdir', '-p', join(home, 'sessions'), join(home, 'projects/-x')]);
    const file = join(home, 'sessions', `${pid}.json`);
    const helper = start();
    const words = {
      pid,
      agent_type: 'claude-code',
      uid: user.uid,
      cwd: '/x',
      start_ticks: 1,
      started_ms: nowMs(),
      session_id: null,
      folder: home,
      inside: { pid, ticks_offset: 0 },
      root: null,
    };
    helper.send({ type: 'transcripts', sessions: [words] });
    const observed = () => helper.said.filter(({ type }) => type === 'registry' || type === 'transcript');
    user.run(['mkfifo', file]);
    await helper.hasLogged('session file ignored');
    user.run(['rm', file]);
    // Root's own file is not the user's word.
    writeFileSync(file, JSON.stringify({ pid, status: 'busy' }));
    await sleep(100);
    expect(observed()).toEqual([]);
    user.run([
      'sh',
      '-c',
      `rm -f ${file}; echo '{"pid":${pid},"status":"busy","sessionId":"s1","cwd":"/x"}' > ${file}`,
    ]);
    await until('the registry', () => observed().length > 0);
    expect(observed()[0]).toMatchObject({ type: 'registry', pid, entry: { status: 'busy' } });
    const began = nowMs();
    const entry = {
      type: 'assistant',
      sessionId: 's1',
      timestamp: '2026-11-20T12:00:00.000Z',
      message: { content: [{ type: 'tool_use', id: 't', name: 'Bash', input: { command: 'ls' } }] },
    };
    const padding = `{"type":"user","message":{"content":"${'m'.repeat(1_000_000)}"}}`;
    writeFileSync(join(user.runtime, 't.jsonl'), `${padding}\n${JSON.stringify(entry)}\n`);
    user.run(['cp', join(user.runtime, 't.jsonl'), join(home, 'projects/-x/s1.jsonl')]);
    await until('the transcript', () => observed().some(({ type }) => type === 'transcript'));
    expect(nowMs() - began).toBeLessThan(500);
    expect(observed().at(-1)).toMatchObject({
      type: 'transcript',
      entry: { phase: 'tool', detail: 'Bash: ls' },
    });
  });

  it('owns everything it wrote', () => {
    const made = execFileSync('find', [user.runtime, '-uid', '0', '-not', '-name', 't.jsonl'], {
      encoding: 'utf8',
    });
    expect(made).toBe('');
  });
});
