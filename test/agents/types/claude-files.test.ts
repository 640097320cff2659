import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClaudeFiles } from '../../../src/agents/types/claude-code/files.js';
import { projectName } from '../../../src/agents/types/claude-code/project-search.js';
import type {
  Observation,
  RegistryObservation,
  TranscriptObservation,
} from '../../../src/model/observation.js';

let home: string;
let seen: Observation[];
let logged: string[];
let files: ClaudeFiles;

const entry = (status: string, more = {}) =>
  JSON.stringify({ pid: 100, sessionId: 'abc-1', cwd: '/home/u/shop', procStart: '5000', status, ...more });
const statuses = () =>
  seen.filter((o): o is RegistryObservation => o.type === 'registry').map(o => o.entry?.status ?? null);
const registry = () => join(home, 'sessions', '100.json');

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-claude-'));
  seen = [];
  logged = [];
  files = new ClaudeFiles({
    session: {
      pid: 100,
      uid: process.getuid!(),
      cwd: '/home/u/shop',
      start_ticks: 5000,
      started_ms: 0,
      session_id: null,
    },
    folder: home,
    emit: observation => seen.push(observation),
    clock: { now: () => 0, wallTime: time_ms => time_ms },
    log: fields => logged.push(String(fields.why)),
  });
});
afterEach(() => {
  files.close();
  rmSync(home, { recursive: true });
});

describe('Claude’s own files', () => {
  it('are read when they change, also when they are replaced', async () => {
    mkdirSync(join(home, 'sessions'));
    files.start();
    writeFileSync(registry(), entry('idle'));
    await vi.waitFor(() => expect(statuses()).toContain('idle'));
    writeFileSync(join(home, 'sessions', 'tmp'), entry('busy'));
    renameSync(join(home, 'sessions', 'tmp'), registry());
    await vi.waitFor(() => expect(statuses().at(-1)).toBe('busy'));
    unlinkSync(registry());
    await vi.waitFor(() => expect(statuses().at(-1)).toBe(null));
  });

  it('may come with their directory, later', async () => {
    files.start();
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), entry('busy'));
    await vi.waitFor(() => expect(statuses()).toEqual(['busy']), 3000);
  });

  it('keep their last good state when they are empty, cut off or nonsense', async () => {
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), entry('busy'));
    files.start();
    for (const text of ['', entry('idle').slice(0, 30), '\0\xff', '[]', entry('idle', { pid: 7 })])
      writeFileSync(registry(), text);
    await new Promise(done => setTimeout(done, 100));
    expect(new Set(statuses())).toEqual(new Set(['busy']));
    expect(logged).toEqual([]);
    await vi.waitFor(() => expect(logged).toEqual(['its content is not a session file']), 5_000);
  });

  it('cannot be used as traps', async () => {
    mkdirSync(join(home, 'sessions'));
    files.start();
    const lay = [
      () => execFileSync('mkfifo', [registry()]),
      () => symlinkSync('/dev/zero', registry()),
      () => {
        writeFileSync(registry(), entry('busy'));
        truncateSync(registry(), 100 * 1024 * 1024);
      },
    ];
    for (const trap of lay) {
      logged.length = 0;
      trap();
      await vi.waitFor(() => expect(logged.length).toBeGreaterThan(0));
      unlinkSync(registry());
    }
    writeFileSync(registry(), entry('busy'));
    await vi.waitFor(() => expect(statuses().at(-1)).toBe('busy'));
  });

  it('are read some times a second, however often they are written, and the last word counts', async () => {
    mkdirSync(join(home, 'sessions'));
    files.start();
    const began = performance.now();
    // As often as the disk allows: some have room for hundreds a second, others for thousands.
    for (let i = 0; performance.now() - began < 3_000; i++) {
      writeFileSync(registry(), entry(i % 2 === 0 ? 'busy' : 'idle', { statusUpdatedAt: i }));
      if (i % 20 === 0) await new Promise(done => setTimeout(done, 1));
    }
    writeFileSync(registry(), entry('waiting'));
    await vi.waitFor(() => expect(statuses().at(-1)).toBe('waiting'), 10_000);
    const seconds = (performance.now() - began) / 1000;
    expect(statuses().length).toBeLessThan(10 + 30 * seconds);
  }, 30_000);

  it('that grow without end are one line in the log', async () => {
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), '');
    files.start();
    for (let i = 1; i <= 20; i++) {
      truncateSync(registry(), i * 1024 ** 3);
      await new Promise(done => setTimeout(done, 60));
    }
    await vi.waitFor(() => expect(logged).toHaveLength(1), 10_000);
  }, 20_000);

  it('of an earlier process with this pid lead nowhere', async () => {
    const project = join(home, 'projects', projectName('/home/u/shop'));
    mkdirSync(join(home, 'sessions'));
    mkdirSync(project, { recursive: true });
    const said = { type: 'user', timestamp: '2026-11-20T12:00:00.000Z', message: { content: 'go' } };
    writeFileSync(join(project, 'old-1.jsonl'), `${JSON.stringify(said)}\n`);
    writeFileSync(join(project, 'abc-1.jsonl'), `${JSON.stringify(said)}\n`);
    writeFileSync(registry(), entry('busy', { procStart: '4999', sessionId: 'old-1' }));
    files.start();
    await vi.waitFor(() => expect(statuses()).toEqual(['busy']));
    await new Promise(done => setTimeout(done, 100));
    expect(seen.some(o => o.type === 'transcript')).toBe(false);
    writeFileSync(registry(), entry('busy'));
    await vi.waitFor(() => expect(seen.some(o => o.type === 'transcript')).toBe(true), 5_000);
  });

  it('cost no more for a transcript of a tebibyte, most of it one line, than its end', async () => {
    const project = join(home, 'projects', projectName('/home/u/shop'));
    mkdirSync(join(home, 'sessions'));
    mkdirSync(project, { recursive: true });
    const path = join(project, 'abc-1.jsonl');
    writeFileSync(path, '');
    truncateSync(path, 1024 ** 4);
    const said = { type: 'user', timestamp: '2026-11-20T12:00:00.000Z', message: { content: 'go' } };
    appendFileSync(path, `\n${JSON.stringify(said)}\n`);
    writeFileSync(registry(), entry('busy'));
    const before = process.memoryUsage.rss();
    files.start();
    await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ type: 'transcript' }), 10_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
  }, 20_000);

  it('lead to the transcript', async () => {
    const project = join(home, 'projects', projectName('/home/u/shop'));
    expect(project).toBe(`${home}/projects/-home-u-shop`);
    mkdirSync(join(home, 'sessions'));
    mkdirSync(project, { recursive: true });
    writeFileSync(registry(), entry('busy'));
    files.start();
    const ask = {
      type: 'assistant',
      timestamp: '2026-11-20T12:00:00.000Z',
      message: {
        content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'npm test\x1b[31m' } }],
      },
    };
    writeFileSync(join(project, 'abc-1.jsonl'), `${JSON.stringify(ask)}\n`);
    await vi.waitFor(() =>
      expect(seen.at(-1)).toMatchObject({
        type: 'transcript',
        entry: { phase: 'tool', detail: 'Bash: npm test\\x1b[31m' },
      }),
    );
  });
});

/** Conversations and agents that share a directory. */
describe('Claude’s transcript', () => {
  const open = (over: object = {}, more: object = {}) => {
    const heard: TranscriptObservation[] = [];
    const session = {
      ...{ pid: 100, uid: process.getuid!(), cwd: '/home/u/shop', start_ticks: 5000 },
      ...{ started_ms: Date.now() - 1_000, session_id: null },
      ...over,
    };
    const reader = new ClaudeFiles({
      session,
      folder: home,
      emit: one => {
        if (one.type === 'transcript') heard.push(one);
      },
      clock: { now: () => Date.now(), wallTime: time_ms => time_ms },
      log: () => {},
      ...more,
    });
    opened.push(reader);
    reader.start();
    return { heard, phase: () => heard.at(-1)?.entry?.phase };
  };
  const opened: ClaudeFiles[] = [];
  afterEach(() => {
    for (const reader of opened.splice(0)) reader.close();
  });
  const asks = (cwd: string) =>
    `${JSON.stringify({
      type: 'assistant',
      cwd,
      timestamp: new Date().toISOString(),
      message: { content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'make' } }] },
    })}\n`;
  const write = (project: string, name: string, text: string) => {
    mkdirSync(join(home, 'projects', project), { recursive: true });
    appendFileSync(join(home, 'projects', project, name), text);
  };

  it.each([
    ['whose path is longer than 200 characters', `/home/u/${'deep/'.repeat(60)}`, 'x'.repeat(200)],
    ['whose folder has another name', '/home/u/läden', '%2Fhome%2Fu%2Fl%C3%A4den'],
    ['that was moved', '/home/u/shop', '-srv-old-shop'],
  ])('is found by its session, of a project %s', async (_what, cwd, project) => {
    for (let i = 0; i < 300; i++) mkdirSync(join(home, 'projects', `p${i}`), { recursive: true });
    write(project, 'abc-1.jsonl', asks(cwd));
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), entry('waiting', { cwd }));
    const agent = open({ cwd });
    await vi.waitFor(() => expect(agent.phase()).toBe('tool'), 10_000);
  });

  it('is found without a session file, by its directory, its start and its growth', async () => {
    const before = new Date(Date.now() - 3_600_000);
    write(
      '-home-u-shop',
      'old.jsonl',
      asks('/home/u/shop').replace(/(?<=timestamp":")[^"]+/, before.toISOString()),
    );
    utimesSync(join(home, 'projects/-home-u-shop/old.jsonl'), before, before);
    const agent = open();
    write('-home-u-shop', 'program.jsonl', asks('/home/u/shop').replace('{', '{"entrypoint":"sdk-cli",'));
    await new Promise(done => setTimeout(done, 2_500));
    expect(agent.heard).toEqual([]);
    write('-home-u-shop', 'new.jsonl', asks('/home/u/shop'));
    await vi.waitFor(() => expect(agent.phase()).toBe('tool'), 10_000);
  }, 30_000);

  it('is told of again when the session file is swept away, and followed to the next conversation', async () => {
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), entry('busy', { sessionId: 'one' }));
    write('-home-u-shop', 'one.jsonl', asks('/home/u/shop'));
    const agent = open();
    await vi.waitFor(() => expect(agent.phase()).toBe('tool'), 10_000);
    unlinkSync(registry());
    await new Promise(done => setTimeout(done, 2_500));
    const over = { type: 'system', subtype: 'turn_duration', timestamp: new Date().toISOString() };
    write('-home-u-shop', 'one.jsonl', `${JSON.stringify(over)}\n`);
    await vi.waitFor(() => expect(agent.phase()).toBe('turn_over'), 10_000);
    await new Promise(done => setTimeout(done, 2_500));
    write('-home-u-shop', 'two.jsonl', asks('/home/u/shop'));
    await vi.waitFor(() => expect(agent.phase()).toBe('tool'), 10_000);
  }, 60_000);

  it('serves the one of two that wrote it', async () => {
    const [idle, busy] = [0, 1].map(() =>
      spawn(
        'node',
        ['-e', 'process.stdin.on("data", text => require("fs").appendFileSync(...JSON.parse(text)))'],
        {
          stdio: ['pipe', 'ignore', 'ignore'],
        },
      ),
    ) as [ChildProcess, ChildProcess];
    try {
      const [first, second] = [open({ pid: idle.pid }), open({ pid: busy.pid })];
      await new Promise(done => setTimeout(done, 8_000));
      mkdirSync(join(home, 'projects/-home-u-shop'), { recursive: true });
      const file = join(home, 'projects/-home-u-shop/c.jsonl');
      busy.stdin!.write(JSON.stringify([file, asks('/home/u/shop')]));
      await vi.waitFor(() => expect(second.phase()).toBe('tool'), 10_000);
      expect(first.heard).toEqual([]);
    } finally {
      idle.kill('SIGKILL');
      busy.kill('SIGKILL');
    }
  }, 60_000);

  it('of 200 MB costs no more than its end for each change', async () => {
    mkdirSync(join(home, 'sessions'));
    writeFileSync(registry(), entry('busy'));
    write('-home-u-shop', 'abc-1.jsonl', '');
    const file = join(home, 'projects/-home-u-shop/abc-1.jsonl');
    truncateSync(file, 200 * 1024 * 1024);
    const agent = open();
    await vi.waitFor(() => expect(agent.heard.length + 1).toBeGreaterThan(0));
    const rchar = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
    const changes = 20;
    const before = rchar();
    for (let i = 0; i < changes; i++) {
      appendFileSync(file, asks('/home/u/shop').replace('make', `make ${i}`));
      await new Promise(done => setTimeout(done, 100));
    }
    await vi.waitFor(
      () => expect(agent.heard.at(-1)?.entry?.detail).toBe(`Bash: make ${changes - 1}`),
      10_000,
    );
    expect((rchar() - before) / changes).toBeLessThan(3 * 128 * 1024);
  }, 30_000);
});
