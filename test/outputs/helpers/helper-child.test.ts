import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../src/lib/log/logger.js';
import type { Transition } from '../../../src/model/agent.js';
import type { FromHelper } from '../../../src/outputs/desktop/protocol.js';
import { HelperChild } from '../../../src/outputs/helpers/helper-child.js';
import { helperCommand } from '../../../src/outputs/helpers/helper-command.js';
import { WorkTimer } from '../../../src/outputs/helpers/work-timer.js';
import { setYielding, spinner } from '../../starving.js';
import { until } from '../desktop/desktop.js';

/** A helper is its user's puppet: here it is a script that does its worst. */

let helper: HelperChild | null = null;
afterEach(async () => {
  await helper?.stop();
  helper = null;
});

function start(
  script: string,
  heartbeat = { ping_ms: 60_000, patience_ms: 60_000 },
  file = process.execPath,
  before: readonly string[] = [],
): { log: string[]; received: FromHelper[]; problems: string[] } {
  const log: string[] = [];
  const problems: string[] = [];
  const received: FromHelper[] = [];
  helper = new HelperChild({
    uid: 4242,
    command: { file, args: [...before, '-e', script], env: {} },
    logger: createLogger({
      level: 'debug',
      format: 'json',
      write: text => {
        log.push(text);
        if (helper?.problem != null) problems.push(helper.problem);
      },
    }),
    greeting: () => [{ type: 'transcripts', sessions: [] }],
    receive: message => void received.push(message),
    heartbeat,
  });
  helper.start();
  return { log, received, problems };
}

const STAY = 'process.stdin.resume().on("end", () => process.exit());';
const has = (log: string[], text: string) =>
  until(`"${text}" in the log`, () => log.some(line => line.includes(text)));

describe('a helper that misbehaves', () => {
  it.each([
    ['garbage', 'console.log("no json")', 'not JSON'],
    [
      'another language',
      'console.log(JSON.stringify({ type: "exec", command: "rm" }))',
      'none of the protocol',
    ],
    [
      'an observation of the future',
      'console.log(JSON.stringify({ type: "registry", pid: 1, entry: null, time_ms: 1e15 }))',
      'none of the protocol',
    ],
    ['a line without end', 'process.stdout.write("x".repeat(200000))', 'more than 65536 bytes'],
  ])('%s is not taken, and said once', async (_what, script, why) => {
    const { log, received } = start(`${script};${script};${STAY}`);
    await has(log, why);
    expect(log).toHaveLength(1);
    expect(received).toEqual([]);
  });

  // Each goes on until it is ended: how fast it is depends on the machine.
  it.each([
    ['lines that are no JSON', 'process.stdout.write("no json\\n".repeat(100), go)'],
    ['empty lines', 'process.stdout.write("\\n".repeat(100), go)'],
    ['messages of another language', 'process.stdout.write("{}\\n".repeat(100), go)'],
    ['a line without end', 'process.stdout.write(Buffer.alloc(65536, 120), go)'],
    ['errors', 'process.stderr.write(Buffer.alloc(65536, 120), go)'],
  ])('is ended when it floods with %s, which is said', async (_what, say) => {
    const { log, problems } = start(`const go = () => ${say}; go();`);
    const said = 'more than 200 lines a second';
    await has(log, said);
    const { pid } = JSON.parse(log.find(text => text.includes(said))!) as { pid: number };
    await has(log, 'the helper of a user ended');
    expect(problems.at(-1)).toBe(`it floods: ${said}`);
    await until('another', () => helper!.pid !== null && helper!.pid !== pid);
    expect(log.filter(text => text.includes(said) && text.includes(`"pid":${pid}`))).toHaveLength(1);
  });

  it('leaves no pipe behind when something that it started holds them, nor is that listened to', async () => {
    const pipes = () =>
      readdirSync('/proc/self/fd').filter(fd => {
        try {
          return /^(pipe|socket):/.test(readlinkSync(`/proc/self/fd/${fd}`));
        } catch {
          return false;
        }
      }).length;
    const before = pipes();
    // Speaks when the helper has been dead for a while.
    const heir = 'read -r line <&3; while :; do echo x; done';
    const { received } = start(
      `const { spawn } = require("child_process");
       const heir = spawn("/bin/sh", ["-c", ${JSON.stringify(heir)}], { detached: true, stdio: ["ignore", 1, 2, "pipe"] });
       console.log(JSON.stringify({ type: "log", level: "info", message: String(heir.pid), fields: {} }));${STAY}`,
    );
    const heirs = () =>
      received.flatMap(message => (message.type === 'log' ? [Number(message.message)] : []));
    try {
      for (let deaths = 0; deaths < 3; deaths++) {
        await until('one more heir', () => heirs().length > deaths);
        const { pid } = helper!;
        process.kill(pid!, 'SIGKILL');
        await until('its end', () => helper!.pid !== pid);
      }
      // What they write when nobody reads any more ends them.
      await until('the end of the heirs', () =>
        heirs()
          .slice(0, 3)
          .every(pid => !existsSync(`/proc/${pid}/exe`)),
      );
      await helper!.stop();
      expect(pipes()).toBe(before);
    } finally {
      for (const pid of heirs()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it is gone, as it should be
        }
      }
    }
  });

  it('is ended when it floods, and comes back later', async () => {
    const line = JSON.stringify({ type: 'log', level: 'info', message: 'x', fields: {} });
    const started_ms = performance.now();
    const { log, received } = start(
      `for (let i = 0; i < 5000; i++) console.log(${JSON.stringify(line)});${STAY}`,
    );
    await has(log, 'lines a second');
    await has(log, 'the helper of a user ended');
    // A thousand at once and 200 a second, however long that takes on a busy machine.
    expect(received.length).toBeLessThanOrEqual(1_050 + (performance.now() - started_ms) / 5);
    const { pid } = JSON.parse(log.find(text => text.includes('lines a second'))!) as { pid: number };
    await until('another', () => helper!.pid !== null && helper!.pid !== pid);
  });

  it('is started again with patience, and told what its death said', async () => {
    const { log } = start('console.error("Cannot find module helper.js"); process.exit(1)');
    await until('three deaths', () => log.filter(text => text.includes('ended')).length >= 3);
    const waits = log
      .filter(text => text.includes('ended'))
      .map(text => (JSON.parse(text) as { again_in_ms: number }).again_in_ms);
    expect(waits.slice(0, 3)).toEqual([250, 500, 1000]);
    expect(log[0]).toContain('Cannot find module helper.js');
  });

  it('that hangs is noticed, ended, and another takes its place', async () => {
    const answers =
      'process.stdin.on("data", () => console.log(JSON.stringify({ type: "pong" }))).on("end", () => process.exit())';
    const { log, received, problems } = start(answers, { ping_ms: 50, patience_ms: 3_000 });
    await until('a pong', () => received.length > 3);
    expect(helper!.state).toBe('running');
    expect(helper!.problem).toBeNull();
    const first = helper!.pid!;
    process.kill(first, 'SIGSTOP');
    await has(log, 'hangs and is ended');
    await until('another', () => helper!.state === 'running' && helper!.pid !== first);
    expect(problems.at(-1)).toMatch(/^it hangs: no sign of life/);
    expect(helper!.restarts).toBe(1);
    expect(helper!.problem).toBeNull();
  });

  it('that only gets no CPU is not ended', async () => {
    const works = 'for (let i = 0; i < 2e8; i++);';
    const answers = `process.stdin.on("data", () => { ${works} console.log(JSON.stringify({ type: "pong" })); }).on("end", () => process.exit())`;
    const { log, received } = start(answers, { ping_ms: 500, patience_ms: 2_000 }, '/usr/bin/setsid', [
      process.execPath,
    ]);
    await until('a pong', () => received.length > 0);
    const first = helper!.pid!;
    execFileSync('taskset', ['-a', '-c', '-p', '0', String(first)]);
    setYielding(first, true);
    const busy = spinner();
    onTestFinished(() => void busy.kill('SIGKILL'));
    let heard = { pongs: 0, at_ms: 0 };
    await until('a silence twice as long as its patience', () => {
      if (received.length > heard.pongs) heard = { pongs: received.length, at_ms: performance.now() };
      return performance.now() - heard.at_ms > 4_000;
    });
    busy.kill('SIGKILL');
    setYielding(first, false);
    await until('a pong again', () => received.length > heard.pongs);
    expect(log).toEqual([]);
    expect(helper).toMatchObject({ pid: first, restarts: 0, state: 'running' });
  });

  it('that hangs does not keep the daemon from ending', async () => {
    start(STAY);
    await until('it to run', () => helper!.pid !== null);
    process.kill(helper!.pid!, 'SIGSTOP');
    await helper!.stop();
  });

  it('that does not read does not fill our memory', async () => {
    const { received } = start(
      'console.log(JSON.stringify({ type: "unseen", counts: [] })); setInterval(() => {}, 1000)',
    );
    await until('it to be there', () => received.length > 0);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 2_000; i++)
      helper!.send({
        type: 'agents',
        agents: Array.from({ length: 20 }, () => ({ filler: 'x'.repeat(4000) })) as never,
      });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('helperCommand', () => {
  const user = { uid: 4242, gid: 4243, name: 'ann', home: '/home/ann' };
  const place = {
    euid: 0,
    node: '/n',
    script: '/s',
    runtimeBase: '/nonexistent',
    boot_ms: 1_750_000_000_000.5,
    env: { SECRET: '1', LD_PRELOAD: '/x' },
  };

  it('gives nothing away but what the user has', () => {
    const command = helperCommand(user, place, null)!;
    expect(command.file).toMatch(/^\/.*(setpriv|choom)$/);
    expect(command.args).toEqual(
      expect.arrayContaining([
        '--reuid=4242',
        '--regid=4243',
        '--init-groups',
        '--no-new-privs',
        '--bounding-set=-all',
      ]),
    );
    expect(command.env).toEqual({
      HOME: '/home/ann',
      USER: 'ann',
      LOGNAME: 'ann',
      MALLOC_ARENA_MAX: '1',
      PATH: expect.not.stringContaining('home'),
      XDG_RUNTIME_DIR: '/nonexistent/4242',
    });
  });

  it('hands over the clock', () => {
    expect(helperCommand(user, place, null)!.args.slice(-2)).toEqual(['/s', '1750000000000.5']);
  });

  it('takes no runtime directory that is somebody else’s', () => {
    expect(
      helperCommand({ ...user, uid: 1 }, { ...place, runtimeBase: '/' }, '/tmp')!.env.XDG_RUNTIME_DIR,
    ).toBe('//1');
    for (const said of ['/etc/passwd/x', `/${'x'.repeat(5000)}`, '/a\0b', '/proc/1/root/x']) {
      const command = helperCommand({ ...user, uid: 1 }, { ...place, runtimeBase: '/' }, said);
      expect(command!.env.XDG_RUNTIME_DIR).not.toBe(said);
    }
    expect(helperCommand(user, { ...place, euid: 4242, env: { XDG_RUNTIME_DIR: '/tmp' } }, null)!.file).toBe(
      '/n',
    );
    expect(helperCommand(user, { ...place, euid: 1 }, null)).toBeNull();
  });
});

it('a turn is the work since the last prompt, without the time at requests, and asleep', () => {
  const turns = new WorkTimer();
  const go = (
    time_ms: number,
    from: Transition['from'],
    to: Transition['to'],
    reason: Transition['reason'],
  ) =>
    turns.take({
      time_ms,
      pid: 1,
      agent: 'x',
      from,
      to,
      reason,
      evidence: { source: 'registry', text: '', time_ms },
      ending: null,
      tty: null,
      cwd: null,
    });
  go(0, 'UNKNOWN', 'WORKING', 'thinking');
  go(1000, 'WORKING', 'WORKING', 'tool');
  expect(turns.worked(1, 1500)).toBe(1500);
  go(2000, 'WORKING', 'WAITING', 'approval');
  expect(turns.worked(1, 9000)).toBe(2000);
  go(10_000, 'WAITING', 'WORKING', 'thinking');
  go(13_000, 'WORKING', 'WAITING', 'done');
  expect(turns.worked(1, 20_000)).toBe(5000);
  go(30_000, 'WAITING', 'WORKING', 'thinking');
  expect(turns.worked(1, 30_500)).toBe(500);
  turns.slept(8 * 3_600_000);
  expect(turns.worked(1, 8 * 3_600_000 + 31_000)).toBe(1000);
  turns.forgetAllBut(new Set());
  expect(turns.worked(1, 40_000)).toBe(0);
});
