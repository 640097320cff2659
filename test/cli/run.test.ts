import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertEvent } from '../../src/api/reports/alert.js';
import { fakeAgent, fakeAlert, fakeEvent, fakeHealth } from '../api/fake-daemon.js';
import { Rig, waitFor } from '../api/rig.js';
import { TestIo, vigil } from './io.js';

/** arguments → exit code, what standard output has, what standard error has */
type Row = [args: string, code: number, out: string | RegExp, err: string | RegExp];

const NOTHING = /^$/;

function check({ code, out, err }: { code: number; out: string; err: string }, row: Row): void {
  const [, wantedCode, wantedOut, wantedErr] = row;
  for (const [got, wanted] of [
    [out, wantedOut],
    [err, wantedErr],
  ] as const) {
    if (typeof wanted === 'string') expect(got).toContain(wanted);
    else expect(got).toMatch(wanted);
  }
  expect(code).toBe(wantedCode);
}

describe('usage', () => {
  it.each<Row>([
    ['--version', 0, /^\d+\.\d+\.\d+\n$/, NOTHING],
    ['--help', 0, /vigil agents +List.*vigil daemon .*vigil completion /s, NOTHING],
    ['agents --help', 0, 'vigil agents explain <pid>', NOTHING],
    ['--help', 0, /vigil health +Say whether/, NOTHING],
    ['agents --help', 0, '--watch', NOTHING],
    ['agents explain --help', 0, 'Process id of the agent', NOTHING],
    ['completion', 0, 'complete -o default -F _vigil vigil', NOTHING],
    ['completion fish', 0, 'complete -c vigil', NOTHING],
    ['completion tcsh', 2, NOTHING, 'bash, zsh, fish, not for "tcsh"'],
    ['--log-level loud', 2, NOTHING, 'Invalid values'],
    ['whitelist --jsno', 2, NOTHING, 'unknown option --jsno: did you mean --json?'],
    [
      'agnts',
      2,
      NOTHING,
      'vigil: there is no command "agnts": did you mean agents?\nvigil: see vigil --help\n',
    ],
    ['frobnicate', 2, NOTHING, 'vigil: there is no command "frobnicate"\n'],
    ['-h', 0, /vigil config +Show .*\(show, get, set, .*vigil completion /s, NOTHING],
    ['config shwo', 2, NOTHING, 'vigil: there is no command "config shwo": did you mean config show?\n'],
    ['kill --help', 0, /Options:\n +--group.*Options of every command:\n +--runtime-dir/s, NOTHING],
    [
      'whitelist add a b c d e f',
      2,
      NOTHING,
      'vigil: "b", "c", "d" and 2 more: too much for vigil whitelist add <pattern>\n',
    ],
    ['help kill', 0, '--tree', NOTHING],
    [
      'agents --jsno',
      2,
      NOTHING,
      'vigil: unknown option --jsno: did you mean --json?\nvigil: see vigil agents --help\n',
    ],
    ['kill 7 --cgruop', 2, NOTHING, '--cgruop: did you mean --cgroup?'],
    [
      'explain 7 --show-promt',
      2,
      NOTHING,
      'vigil: unknown option --show-promt: did you mean --show-prompt?\nvigil: see',
    ],
    ['agents extra', 2, NOTHING, '"extra": too much for vigil agents\n'],
    ['kill 7 8', 2, NOTHING, '"8": too much for vigil kill <pid>\n'],
    [
      'agents explain',
      2,
      NOTHING,
      'vigil: <pid> is missing: vigil agents explain <pid>\nvigil: see vigil agents explain --help\n',
    ],
    ['agents explain abc', 2, NOTHING, 'vigil: "abc" is not a process id'],
    ['agents explain 0', 2, NOTHING, 'vigil: "0" is not a process id'],
    ['agents explain 1e3', 2, NOTHING, 'vigil: "1e3" is not a process id'],
    ['agents --watch --json', 2, NOTHING, 'vigil events --follow --json'],
    ['agents --watch', 2, NOTHING, '--watch needs a terminal'],
    ['events --lines many', 2, NOTHING, '--lines takes a number, not "many"'],
    ['agents --runtime-dir', 2, NOTHING, 'runtime-dir'],
    ['daemon --log-level loud', 2, NOTHING, 'Invalid values'],
  ])('vigil %s', async (...row) => {
    check(await vigil(row[0].split(' ').filter(Boolean)), row);
  });

  it('an unknown option full of escapes cannot speak to the terminal', async () => {
    const { err } = await vigil(['agents', '--\u001b[2J\u202ex']);
    expect(err).toContain('\\x1b[2J\\u202ex');
    expect(err).not.toContain('\u001b');
  });
});

describe('without a daemon', () => {
  it.each([
    'agents',
    'agents --json',
    'agents explain 7',
    'events',
    'events --follow',
    'health',
    'health --json',
  ])('vigil %s says so, and what to do', async args => {
    const { code, out, err } = await vigil([...args.split(' '), '--runtime-dir', '/nonexistent']);
    expect(out).toBe('');
    expect(err).toBe(
      'vigil: no vigil daemon answers (/nonexistent/vigil.sock: no such socket). Start one: vigil daemon, or make run, or systemctl start vigil\n',
    );
    expect(code).toBe(2);
  });
});

describe('the daemon command', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-cli-'));
  const config = join(dir, 'config.toml');
  afterAll(() => rmSync(dir, { recursive: true }));

  it('refuses a broken config, all of it at once', async () => {
    writeFileSync(config, 'log_levle = "x"\n[evidence]\nself_reported = 1\n');
    chmodSync(config, 0o644);
    expect(await vigil(['daemon', '--config', config])).toEqual({
      code: 2,
      out: '',
      err: `vigil: ${config}:1: unknown key "log_levle" — did you mean "log_level"?\nvigil: ${config}:3: "evidence.self_reported" must be true or false, not 1\n`,
    });
  });

  it('refuses a config that is not there', async () => {
    const { code, err } = await vigil(['daemon', '--config', join(dir, 'none')]);
    expect(err).toBe(`vigil: ${dir}/none: there is no such file\n`);
    expect(code).toBe(2);
  });
});

describe('with a daemon', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  async function given(
    set: Partial<Pick<Rig['daemon'], 'list' | 'alerts' | 'past' | 'report'>>,
    args: string,
    over: Partial<TestIo> = {},
  ) {
    Object.assign(rig.daemon, { list: [], alerts: [], past: [], report: fakeHealth() }, set);
    return vigil([...args.split(' '), '--runtime-dir', rig.dir], over);
  }

  const hostile = fakeAgent({
    pid: 66,
    cwd: '/tmp/a\nb\u001b]0;x\u0007',
    title: '\u001b[31m\u202eevil\r\n4242 fake',
    command: 'claude "\u0000"',
  });

  it.each<Row>([
    ['agents', 0, 'No agents are running.\n', NOTHING],
    ['agents --json', 0, /^\[\]\n$/, NOTHING],
    ['agents explain 7', 1, NOTHING, 'vigil: pid 7 belongs to no agent that vigil knows'],
    ['events', 0, 'Nothing has happened yet.\n', NOTHING],
    ['events --json', 0, NOTHING, NOTHING],
    ['alerts', 0, 'Nothing is wrong.\n', NOTHING],
    ['alerts --all', 0, 'There has been no alert.\n', NOTHING],
    ['alerts --json', 0, /^\[\]\n$/, NOTHING],
    ['health', 0, 'healthy: vigil 0.1.0', NOTHING],
    ['health', 0, 'sensor: tracepoint (fentry is refused here: lockdown), bpftrace 0.17.0', NOTHING],
    ['health', 0, 'lifecycle: running (pid 77), 12 received, 0 not understood, 0 lost, 0 restarts', NOTHING],
    ['health', 0, 'history: none is kept; 0 open alerts', NOTHING],
    ['health', 0, 'model: No model is asked: ai.enabled is false.', NOTHING],
    ['health', 0, 'actions: observe', NOTHING],
    ['health --json', 0, '"status": "healthy"', NOTHING],
  ])('and no agents: vigil %s', async (...row) => {
    check(await given({}, row[0]), row);
  });

  it.each<Row>([
    ['agents', 0, /^ +PID +AGENT +STATE +REASON +SINCE +TTY +PROJECT +CPU +RSS +TITLE\n/, NOTHING],
    [
      'agents',
      0,
      /^4242 +claude +WORKING +thinking +1m05s +pts\/3 +~\/shop +3\.\d% +410M +Fix the cart$/m,
      NOTHING,
    ],
    ['agents --json', 0, '"pid": 4242', NOTHING],
    [
      'agents explain 4242',
      0,
      /^claude\[4242\] of ann on pts\/3 in ~\/shop\nWORKING thinking for 1m05s\n/,
      NOTHING,
    ],
    ['agents explain 4242', 0, 'Decided by: the registry says busy, and it is fresh', NOTHING],
    ['agents explain 4242', 0, /registry: registry says busy \(decides\)/, NOTHING],
    ['agents explain 4242 --json', 0, '"decided_by"', NOTHING],
    [
      'events',
      0,
      /claude\[4242\] {2}WORKING → WAITING approval {2}pts\/3 {2}\/home\/ann\/shop {2}\(registry: /,
      NOTHING,
    ],
    ['events -n 1', 0, /^[^\n]+\n$/, NOTHING],
    ['events -n 0', 0, NOTHING, NOTHING],
    [
      'events --json',
      0,
      /^(\{"type":"agent_state","time":"2026-11-20T12:00:00.000Z","pid":\d+,.*\}\n){2}$/,
      NOTHING,
    ],
  ])('and an agent: vigil %s', async (...row) => {
    const past = [fakeEvent({ pid: 7 }), fakeEvent()].map(event => ({ uid: 1, event }));
    check(await given({ list: [fakeAgent()], past }, row[0]), row);
  });

  it.each<Row>([
    ['alerts', 1, /^HIGH yes burns a core {2}\(A7, for [^)]+\)\n/, NOTHING],
    ['alerts', 1, '    yes (pid 4711) has used 99 % of a core for 60 s\n', NOTHING],
    ['alerts', 1, '    from: bash (pid 12) → yes\n    → vigil kill 4711\n', NOTHING],
    ['alerts --json', 1, '"opened": "2026-11-20T12:00:00.000Z"', NOTHING],
    ['events', 0, /alert A7 {2}opened high {2}yes burns a core$/m, NOTHING],
    ['events --json', 0, '"type":"alert_opened"', NOTHING],
  ])('and an alert: vigil %s', async (...row) => {
    const event = alertEvent({ type: 'alert_opened', time_ms: fakeAlert().opened_ms, alert: fakeAlert() });
    check(await given({ alerts: [fakeAlert()], past: [{ uid: 1, event }] }, row[0]), row);
  });

  it('an alert that is over is no bad news', async () => {
    const over = fakeAlert({ status: 'resolved', resolved_ms: fakeAlert().opened_ms + 65_000 });
    const { code, out } = await given({ alerts: [over] }, 'alerts --all');
    expect(code).toBe(0);
    expect(out).toMatch(/^high, over yes burns a core {2}\(A7, 2026-11-20 \d\d:00:00, 1m05s\)\n/);
    expect(out).not.toContain('vigil kill');
  });

  it('degraded health exits 1 and says what is missing', async () => {
    const report = fakeHealth({
      status: 'degraded',
      problems: ['bpftrace is not installed: apt install bpftrace'],
    });
    const { code, out } = await given({ report }, 'health');
    expect(out).toContain('degraded: vigil');
    expect(out).toContain('  ! bpftrace is not installed: apt install bpftrace');
    expect(code).toBe(1);
    expect((await given({ report }, 'health --json')).code).toBe(1);
  });

  it.each(['agents', 'agents explain 66', 'events'])(
    'hostile names stay within their line: vigil %s',
    async args => {
      const past = [{ uid: 1, event: fakeEvent({ cwd: hostile.cwd, agent: 'x\ny\u001b[0m' }) }];
      const { out, code } = await given({ list: [hostile], past }, args);
      expect(code).toBe(0);
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
      if (args === 'agents') expect(out.split('\n')).toHaveLength(3);
      if (args === 'events') expect(out.split('\n')).toHaveLength(2);
    },
  );

  it('puts those who need somebody on top', async () => {
    const since = (s: number): string => new Date(Date.now() - s * 1000).toISOString();
    const long = since(65);
    const list = [
      fakeAgent({
        pid: 1,
        since: long,
        state: 'EXITED',
        reason: 'signal',
        signal: 'SIGKILL',
        signal_sender: { pid: 5, comm: 'bash' },
      }),
      fakeAgent({ pid: 2, state: 'WORKING', reason: 'tool' }),
      fakeAgent({ pid: 3, state: 'WAITING', reason: 'done', background: 2 }),
      fakeAgent({ pid: 4, state: 'WAITING', reason: 'approval', since: since(100) }),
      fakeAgent({ pid: 5, state: 'WAITING', reason: 'question', since: since(10) }),
      fakeAgent({
        pid: 6,
        since: long,
        state: 'EXITED',
        reason: 'exit',
        exit_code: 1,
        interactive: false,
        uid: 2,
        user: 'bob',
      }),
    ];
    const { out } = await given({ list }, 'agents');
    const rows = out.trimEnd().split('\n').slice(1);
    expect(rows.map(row => row.trim().split(' ')[0])).toEqual(['5', '4', '3', '2', '1', '6']);
    expect(out).toContain('done, 2 in background');
    expect(out).toContain('SIGKILL by bash[5]');
    expect(out).toMatch(/6 +claude \(batch\) +EXITED +exit 1 +1m05s +bob/);
  });

  it.each([40, 60, 80, 100, 140])('fits %d columns', async columns => {
    const list = [
      fakeAgent({ title: '日本語のタイトル'.repeat(10), cwd: `/home/ann/${'deep/'.repeat(20)}shop` }),
      fakeAgent({
        pid: 1234567,
        state: 'EXITED',
        reason: 'signal',
        signal: 'SIGKILL',
        signal_sender: { pid: 1234568, comm: 'some-long-name' },
      }),
    ];
    const { out } = await given({ list }, 'agents', { columns });
    const { width } = await import('../../src/lib/text/width.js');
    for (const line of out.trimEnd().split('\n')) expect(width(line)).toBeLessThanOrEqual(columns);
    expect(out).toContain('WORKING');
    if (columns >= 80) expect(out).toMatch(/…\S*shop/);
  });

  it('colours only where they are wanted', async () => {
    expect((await given({ list: [fakeAgent()] }, 'agents')).out).not.toContain('\u001b');
    expect((await given({ list: [fakeAgent()] }, 'agents', { color: true })).out).toContain(
      '\u001b[32mWORKING\u001b[0m',
    );
  });

  it('follows events as they come, and ends when the daemon does', async () => {
    const own = await Rig.start();
    own.daemon.emit(fakeEvent({ pid: 1 }));
    const io = new TestIo();
    const done = vigil(['events', '-f', '--json', '-n', '1', '--runtime-dir', own.dir], {
      out: text => io.out(text),
    });
    await waitFor(() => io.stdout.includes('"pid":1'));
    own.daemon.emit(fakeEvent({ pid: 2 }));
    await waitFor(() => io.stdout.includes('"pid":2'));
    expect(io.stdout.trimEnd().split('\n')).toHaveLength(2);
    await own.stop();
    expect(await done).toMatchObject({ code: 2, err: 'vigil: the vigil daemon closed the connection\n' });
  });

  it('finds the daemon by VIGIL_RUNTIME_DIR', async () => {
    process.env.VIGIL_RUNTIME_DIR = rig.dir;
    try {
      expect((await vigil(['health'])).code).toBe(0);
    } finally {
      delete process.env.VIGIL_RUNTIME_DIR;
    }
  });

  it('a failure inside the daemon is one line here, and a stack only for those who debug', async () => {
    const service = rig.daemon.services.agents;
    const { list } = service;
    service.list = () => {
      throw new Error('inside');
    };
    try {
      const plain = await given({}, 'agents');
      expect(plain).toEqual({
        code: 2,
        out: '',
        err: 'vigil: vigil failed to answer this; its log says more\n',
      });
      expect((await given({}, 'agents', { env: { VIGIL_DEBUG: '1' } })).err).toMatch(/\n {4}at /);
    } finally {
      service.list = list;
    }
  });
});
