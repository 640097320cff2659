import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClaudeFiles, claudeProjectDirectory } from '../../../src/agents/types/claude-code/files.js';
import type { Observation, RegistryObservation } from '../../../src/model/observation.js';

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
    for (let i = 0; i < 3_000; i++) {
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
    const project = claudeProjectDirectory(home, '/home/u/shop');
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
    const project = claudeProjectDirectory(home, '/home/u/shop');
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
    const project = claudeProjectDirectory(home, '/home/u/shop');
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
