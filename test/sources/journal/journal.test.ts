import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MachineEvent } from '../../../src/model/snapshot.js';
import { NotHere } from '../../../src/sources/host/collector.js';
import { JournalDigest } from '../../../src/sources/journal/digest.js';
import { parseEntry } from '../../../src/sources/journal/entry.js';
import { JournalCollector } from '../../../src/sources/journal/journal.js';
import { parseOomKill, parseOomReason } from '../../../src/sources/journal/oom.js';
import { fixture, type Tree, tree } from '../host/tree.js';

const newDigest = () => new JournalDigest(ms => ms + 1_000, 999);
const line = (fields: Record<string, unknown>) =>
  JSON.stringify({ __MONOTONIC_TIMESTAMP: '5000000', PRIORITY: '4', MESSAGE: 'x', ...fields });
const digest = (...lines: string[]): MachineEvent[] => {
  const made = newDigest();
  for (const each of lines) made.line(each);
  return made.drain();
};

describe('a real out-of-memory kill, as journalctl 252 tells it', () => {
  const events = digest(
    ...Buffer.from(fixture('journal-oom-252.jsonl'), 'latin1').toString('utf8').split('\n').filter(Boolean),
  );

  it('is one event, with the cgroup whose limit was hit', () => {
    expect(events.filter(({ type }) => type === 'oom_kill')).toEqual([
      {
        type: 'oom_kill',
        time_ms: expect.closeTo(12_629_330.704, 2),
        victim: { pid: 24_704, start_ticks: 0, uid: 0, comm: 'python3', cmdline: '[python3]' },
        session: null,
        rss_bytes: (29_056 + 6_528) * 1024,
        cgroup: '/user.slice/agents',
        source: 'journal',
      },
    ]);
  });

  it('makes no message of what the kernel prints around it; bytes, nothing and several texts are messages', () => {
    const messages = events.flatMap(event => (event.type === 'journal' ? [event.message] : []));
    expect(messages).toEqual(['\ufffd\ufffd bin', '(a message that is too long)', 'one']);
  });

  it('believes nobody but a manager of units', () => {
    expect(events.filter(({ type }) => type === 'unit_failed')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'journal', identifier: '\x1b[31mred', pid: 25_272 });
  });
});

describe('kernel lines', () => {
  it('of the whole machine, of older kernels, with names that try to deceive', () => {
    const numbers = 'total-vm:9kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB';
    expect(
      parseOomKill(`Out of memory: Killed process 4321 (node) ${numbers}, UID:1000 pgtables:5kB`),
    ).toEqual({
      pid: 4321,
      comm: 'node',
      uid: 1000,
      rss_bytes: 9 * 1024,
      in_cgroup: false,
    });
    expect(parseOomKill('Killed process 1 (a) total-vm:9kB, anon-rss:2kB, file-rss:0kB')).toMatchObject({
      rss_bytes: 2048,
      uid: null,
    });
    expect(parseOomKill(`Out of memory: Killed process 7 (x) total-vm:1kB) ${numbers}`)).toMatchObject({
      pid: 7,
      comm: 'x) total-vm:1kB',
      rss_bytes: 9 * 1024,
    });
    expect(parseOomKill('audit: Killed process by hand')).toBeNull();
    expect(parseOomKill('oom_reaper: reaped process 7 (x), now anon-rss:0kB')).toBeNull();
  });

  it('name the cgroup only when its limit was hit', () => {
    const reason = (middle: string) =>
      parseOomReason(
        `oom-kill:constraint=C,nodemask=(null),cpuset=/,${middle},task=a,pid=9,uid=2,pid=4,uid=5`,
      );
    expect(reason('global_oom,task_memcg=/x')).toEqual({ pid: 4, uid: 5, cgroup: null });
    expect(reason('oom_memcg=/a,b/c,task_memcg=/a,b/c')).toEqual({ pid: 4, uid: 5, cgroup: '/a,b/c' });
    expect(parseOomReason('oom-kill:nonsense')).toBeNull();
  });

  it('are the kernel’s only when they came from it', () => {
    const MESSAGE = 'Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:2kB, file-rss:3kB';
    expect(digest(line({ MESSAGE, _TRANSPORT: 'syslog' }))).toMatchObject([{ type: 'journal' }]);
    expect(digest(line({ MESSAGE, _TRANSPORT: 'kernel' }))).toMatchObject([
      { type: 'oom_kill', cgroup: null },
    ]);
  });
});

describe('daemons that end processes for want of memory', () => {
  const of = (unit: string, MESSAGE: string, more: Record<string, unknown> = {}) =>
    digest(line({ PRIORITY: '6', _TRANSPORT: 'stdout', _SYSTEMD_UNIT: unit, MESSAGE, ...more }));
  const GROUP = '/user.slice/user-1000.slice/user@1000.service/app.slice/app-kitty-4021.scope';

  it.each([
    [
      'sending SIGTERM to process 12 uid 1000 "chr\\"ome": badness 300, VmRSS 195 MiB',
      'chr\\"ome',
      1000,
      195,
    ],
    [
      'sending SIGKILL to process 12 uid 1000 "node": oom_score 1090, oom_score_adj 300, VmRSS 195 MiB, cmdline "node VmRSS 1 MiB"',
      ...(['node', 1000, 195] as const),
    ],
    ['sending SIGTERM to process 12 "tail": badness 4, VmRSS 8732 MiB', 'tail', 0, 8732],
    ['Killing process: my, prog, pid: 12, badness: 4, VmRSS: 7 MiB', 'my, prog', 0, 7],
    ['Killing process 12 tail', 'tail', 0, null],
  ])('earlyoom: %s', (message, comm, uid, mib) => {
    expect(of('earlyoom.service', message)).toEqual([
      expect.objectContaining({
        type: 'oom_kill',
        by: 'earlyoom',
        victim: { pid: 12, start_ticks: 0, uid, comm, cmdline: `[${comm}]` },
        rss_bytes: mib === null ? null : mib * 1024 ** 2,
        cgroup: null,
      }),
    ]);
  });

  it.each([
    `Killed ${GROUP} due to memory pressure for /user.slice/user-1000.slice being 57.31% > 50.00% for > 20s with reclaim activity`,
    `Killed ${GROUP} due to memory used (7) / total (8) and swap used (7) / total (8) being more than 90.00%`,
    `Marked ${GROUP} for killing due to memory pressure for /user.slice being 36.66% > 20.00% for > 5s with reclaim activity`,
  ])('systemd-oomd: %s', message => {
    expect(of('systemd-oomd.service', message)).toMatchObject([
      { type: 'oom_kill', by: 'systemd-oomd', victim: { pid: 0 }, cgroup: GROUP },
    ]);
  });

  it('are believed by the unit that journald names, not by what somebody calls himself', () => {
    const MESSAGE = 'sending SIGTERM to process 12 uid 0 "sshd": badness 3, VmRSS 1 MiB';
    const forged = { SYSLOG_IDENTIFIER: 'earlyoom', UNIT: 'earlyoom.service', _COMM: 'earlyoom' };
    expect(of('session-3.scope', MESSAGE, forged)).toEqual([]);
    const own = { _SYSTEMD_USER_UNIT: 'earlyoom.service' };
    expect(of('user@1000.service', MESSAGE, own)).toEqual([]);
    expect(of('earlyoom.service', MESSAGE, own)).toEqual([]);
    expect(of('earlyoom.service', 'mem avail: 1 of 2 MiB, Killing process 12 tail')).toEqual([]);
  });

  it('ended nobody where they only try', () => {
    const unit = { PRIORITY: '6', _SYSTEMD_UNIT: 'earlyoom.service' };
    const kill = (pid: number) => line({ ...unit, MESSAGE: `Killing process ${pid} tail` });
    expect(
      digest(kill(11), kill(12), line({ ...unit, MESSAGE: 'dryrun, not actually sending any signal' })),
    ).toMatchObject([{ victim: { pid: 11 } }]);
  });

  it('are heard in a flood of others', () => {
    const made = newDigest();
    for (let i = 0; i < 1_000; i++) made.line(line({ MESSAGE: `flood ${i}` }));
    made.line(
      line({
        PRIORITY: '5',
        _SYSTEMD_UNIT: 'systemd-oomd.service',
        MESSAGE: `Killed /a due to memory used (1)`,
      }),
    );
    expect(made.drain()[0]).toMatchObject({ type: 'oom_kill', cgroup: '/a' });
  });
});

it('what root of a container writes into the kernel’s log is not the kernel’s', () => {
  const MESSAGE = 'Out of memory: Killed process 1 (init) total-vm:9kB, anon-rss:2kB, file-rss:3kB';
  expect(digest(line({ MESSAGE, _TRANSPORT: 'kernel', SYSLOG_FACILITY: '1' }))).toMatchObject([
    { type: 'journal' },
  ]);
  expect(digest(line({ MESSAGE, _TRANSPORT: 'kernel', SYSLOG_FACILITY: '0' }))).toMatchObject([
    { type: 'oom_kill' },
  ]);
});

it('a kernel of 4.19 and older says a line before whether it was the limit of a control group', () => {
  const kernel = (MESSAGE: string) => line({ MESSAGE, _TRANSPORT: 'kernel', PRIORITY: '3' });
  const events = digest(
    kernel('Memory cgroup out of memory: Kill process 77 (python3) score 1000 or sacrifice child'),
    kernel('Killed process 77 (python3) total-vm:9kB, anon-rss:2kB, file-rss:3kB, shmem-rss:0kB'),
    kernel('Out of memory: Kill process 78 (node) score 900 or sacrifice child'),
    kernel('Killed process 78 (node) total-vm:9kB, anon-rss:2kB, file-rss:3kB'),
  );
  expect(events).toMatchObject([
    { type: 'oom_kill', victim: { pid: 77 }, scope: 'cgroup' },
    { type: 'oom_kill', victim: { pid: 78 }, cgroup: null },
  ]);
  expect(events).toHaveLength(2);
});

describe('failed units', () => {
  const RESULT = 'd9b373ed55a64feb8242e02dbe79a49c';
  const FAILED = 'be02cf6855d2428ba40df7e9d022f03d';
  const failure = { MESSAGE_ID: RESULT, UNIT: 'db.service', UNIT_RESULT: 'oom-kill', _PID: '1' };

  it('are told with their result, once though systemd says it twice', () => {
    const second = { MESSAGE_ID: FAILED, UNIT: 'db.service', JOB_RESULT: 'failed', _PID: '1' };
    expect(digest(line(failure), line(second))).toEqual([
      { type: 'unit_failed', time_ms: 6_000, unit: 'db.service', uid: null, result: 'oom-kill' },
    ]);
    expect(digest(line(second))).toMatchObject([{ unit: 'db.service', result: 'failed' }]);
  });

  it('are told once though two samples part what systemd says of one, and twice when it fails twice', () => {
    const made = newDigest();
    const second = { MESSAGE_ID: FAILED, UNIT: 'db.service', JOB_RESULT: 'failed', _PID: '1' };
    const told: number[] = [];
    for (const entry of [failure, second, failure, second, second]) {
      made.line(line(entry));
      told.push(made.drain().length);
    }
    expect(told).toEqual([1, 0, 1, 0, 1]);
  });

  const ofUser = {
    MESSAGE_ID: RESULT,
    USER_UNIT: 'mcp.service',
    UNIT_RESULT: 'exit-code',
    _PID: '812',
    _SYSTEMD_UNIT: 'user@1000.service',
    _SYSTEMD_USER_UNIT: 'init.scope',
  };

  it('of a user are told by that user’s manager, as theirs', () => {
    expect(digest(line(ofUser))).toMatchObject([
      { type: 'unit_failed', unit: 'mcp.service', uid: 1000, result: 'exit-code' },
    ]);
    expect(digest(line({ ...ofUser, _SYSTEMD_USER_UNIT: 'evil.service' }))).toMatchObject([
      { type: 'journal', unit: 'evil.service' },
    ]);
  });

  it('of a user do not stand for those of the system, or of others, that have the same name', () => {
    const events = digest(
      line({ ...ofUser, USER_UNIT: 'db.service' }),
      line({ MESSAGE_ID: FAILED, UNIT: 'db.service', JOB_RESULT: 'failed', _PID: '1' }),
      line({ ...ofUser, MESSAGE_ID: FAILED, USER_UNIT: 'db.service', _SYSTEMD_UNIT: 'user@1001.service' }),
    );
    expect(events).toMatchObject([
      { unit: 'db.service', uid: 1000 },
      { unit: 'db.service', uid: null },
      { unit: 'db.service', uid: 1001 },
    ]);
  });

  it('of users, however many, leave room for those of the system', () => {
    const made = newDigest();
    for (let uid = 1000; uid < 1005; uid++)
      for (let i = 0; i < 300; i++)
        made.line(line({ ...ofUser, USER_UNIT: `u${i}.service`, _SYSTEMD_UNIT: `user@${uid}.service` }));
    made.line(line(failure));
    const events = made.drain();
    expect(events).toContainEqual(expect.objectContaining({ unit: 'db.service', uid: null }));
    expect(events).toContainEqual(expect.objectContaining({ unit: 'u0.service', uid: 1001 }));
    expect(events.length).toBeLessThanOrEqual(200);
    // The next interval has room again.
    made.line(line(ofUser));
    expect(made.drain()).toHaveLength(1);
  });
});

describe('messages', () => {
  it('are those of at least a warning, none of our own', () => {
    const fields = { SYSLOG_IDENTIFIER: 'sshd', _PID: '7', _SYSTEMD_UNIT: 'ssh.service' };
    expect(digest(line({ ...fields, PRIORITY: '3', MESSAGE: 'no' }))).toEqual([
      {
        type: 'journal',
        time_ms: 6_000,
        priority: 3,
        unit: 'ssh.service',
        identifier: 'sshd',
        pid: 7,
        message: 'no',
      },
    ]);
    expect(digest(line({ PRIORITY: '6', _TRANSPORT: 'kernel' }))).toEqual([]);
    expect(digest(line({ _PID: '999' }))).toEqual([]);
    expect(digest(line({ MESSAGE: 'y'.repeat(4_000) }))).toMatchObject([{ message: 'y'.repeat(1_000) }]);
  });

  it.each(['', 'null', '[]', '"text"', '{', '{}', '{"__MONOTONIC_TIMESTAMP":"x"}'])('%j is none', text => {
    expect(parseEntry(text)).toBeNull();
  });

  it('of a flood are counted, and what matters among them is kept', () => {
    const made = newDigest();
    for (let i = 0; i < 10_000; i++) made.line(line({ MESSAGE: `flood ${i}` }));
    made.line(
      line({
        _TRANSPORT: 'kernel',
        MESSAGE: 'Out of memory: Killed process 5 (a) total-vm:9kB, anon-rss:2kB, file-rss:3kB',
      }),
    );
    const events = made.drain();
    expect(events).toHaveLength(101);
    expect(events[0]?.type).toBe('oom_kill');
    expect(made.leftOut).toBe(9_900);
    // The next interval has room again.
    made.line(line({}));
    expect(made.drain()).toHaveLength(1);
  });
});

describe('the collector', () => {
  const collectors: JournalCollector[] = [];
  afterEach(async () => {
    for (const collector of collectors.splice(0)) await collector.stop();
  });

  /** A journalctl that does what the script says. */
  function rig(script: string): { collector: JournalCollector; roots: Tree; program: string } {
    const roots = tree({ 'sys/journalctl': `#!/bin/sh\n${script}\n`, 'sys/socket': '' });
    const program = join(roots.sys, 'journalctl');
    chmodSync(program, 0o755);
    const collector = new JournalCollector({
      folders: ['/no/such/folder', roots.sys],
      socket: join(roots.sys, 'socket'),
    });
    collectors.push(collector);
    return { collector, roots, program };
  }
  const seen = async (collector: JournalCollector, roots: Tree, now_ms: number, count = 1) => {
    const events: MachineEvent[] = [];
    await vi.waitFor(
      () => {
        events.push(...(collector.collect({ roots, now_ms }).events ?? []));
        expect(events.length).toBeGreaterThanOrEqual(count);
      },
      { timeout: 5_000, interval: 20 },
    );
    return events;
  };

  it('follows one program for as long as it runs, and ends it', async () => {
    const { collector, roots } = rig(
      `echo $$ > "$(dirname "$0")/pid"; printf '%s\\n' "$*" > "$(dirname "$0")/args"; echo '${line({})}'; echo '${line({ MESSAGE: 'y' })}'; exec sleep 60`,
    );
    expect((await seen(collector, roots, 0, 2)).map(event => 'message' in event && event.message)).toEqual([
      'x',
      'y',
    ]);
    collector.collect({ roots, now_ms: 100_000 });
    const read = (name: string) => readFileSync(join(roots.sys, name), 'utf8');
    expect(read('args')).toContain('-f -n 0 -o json');
    expect(read('args')).toContain(
      'PRIORITY=4 + PRIORITY=6 _TRANSPORT=kernel + _SYSTEMD_UNIT=earlyoom.service _SYSTEMD_UNIT=systemd-oomd.service',
    );
    const pid = read('pid').trim();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await collector.stop();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    // Stopped is stopped.
    expect(collector.collect({ roots, now_ms: 200_000 }).events).toEqual([]);
  });

  it('says why it ended, after what it had told, and starts it again, later each time', async () => {
    const { collector, roots } = rig(
      `echo run >> "$(dirname "$0")/runs"; echo '${line({})}'; echo 'cannot open: denied' >&2; exit 3`,
    );
    const runs = () => readFileSync(join(roots.sys, 'runs'), 'utf8').split('\n').length - 1;
    const failure = async (now_ms: number) =>
      vi.waitFor(
        () => {
          let said = '';
          try {
            collector.collect({ roots, now_ms });
          } catch (error) {
            said = String(error);
          }
          expect(said).toContain('journalctl ended with exit code 3: cannot open: denied');
        },
        { timeout: 5_000, interval: 20 },
      );
    await seen(collector, roots, 0);
    await failure(500);
    expect(runs()).toBe(1);
    await seen(collector, roots, 1_000);
    await failure(1_500);
    await failure(2_900);
    expect(runs()).toBe(2);
    await seen(collector, roots, 3_000);
    expect(runs()).toBe(3);
  });

  it('survives lines without end and without sense', async () => {
    const { collector, roots } = rig(
      `head -c 300000 /dev/zero | tr '\\0' a; echo; echo nonsense; echo '${line({})}'; exec sleep 60`,
    );
    expect(await seen(collector, roots, 0)).toHaveLength(1);
    expect(collector.note()).toContain('1 messages beyond');
    expect(collector.note()).toContain('1 lines were not understood');
  });

  it('is absent without journalctl or journald', () => {
    const { collector, roots } = rig('exit 0');
    roots.remove('sys/socket');
    expect(() => collector.collect({ roots, now_ms: 0 })).toThrow(NotHere);
  });
});
