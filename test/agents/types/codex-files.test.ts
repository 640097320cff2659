import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentFileReader } from '../../../src/agents/transcripts/reader.js';
import { codex } from '../../../src/agents/types/codex/index.js';
import type { Observation, TranscriptObservation } from '../../../src/model/observation.js';

const DAY_MS = 86_400_000;
const STARTED_MS = Date.UTC(2026, 10, 20, 12);

let home: string;
let seen: Observation[];
let files: AgentFileReader | null = null;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-codex-'));
  seen = [];
});
afterEach(() => {
  files?.close();
  rmSync(home, { recursive: true });
});

/** A conversation that says it began then, in the folder of that day. */
function conversation(began_ms: number): void {
  const began = new Date(began_ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${began.getFullYear()}/${two(began.getMonth() + 1)}/${two(began.getDate())}`;
  const directory = join(home, 'sessions', day);
  mkdirSync(directory, { recursive: true });
  const timestamp = began.toISOString();
  const lines = [
    { timestamp, type: 'session_meta', payload: { id: 'a', cwd: '/home/u/shop', timestamp } },
    { timestamp, type: 'event_msg', payload: { type: 'task_started' } },
  ];
  writeFileSync(join(directory, 'rollout-a.jsonl'), lines.map(line => `${JSON.stringify(line)}\n`).join(''));
}

it.each([
  ['is right', 0],
  ['was set forward since vigil started', 40 * DAY_MS],
  ['was set back since vigil started', -40 * DAY_MS],
])('its conversation is found when the wall clock %s', async (_when, set_ms) => {
  conversation(STARTED_MS + set_ms);
  files = codex.files!.open({
    session: {
      pid: 100,
      uid: process.getuid!(),
      cwd: '/home/u/shop',
      start_ticks: 5000,
      started_ms: STARTED_MS,
      session_id: null,
    },
    folder: home,
    emit: observation => seen.push(observation),
    clock: { now: () => STARTED_MS + 1_000, wallTime: time_ms => time_ms + set_ms },
    log: () => {},
  });
  files.start();
  const phases = () =>
    seen.filter((o): o is TranscriptObservation => o.type === 'transcript').map(o => o.entry?.phase);
  await vi.waitFor(() => expect(phases()).toEqual(['working']));
});

describe('several conversations in one directory', () => {
  interface Rollout {
    path: string;
    says(type: 'task_started' | 'task_complete'): void;
  }
  let now_ms: number;
  const open: AgentFileReader[] = [];

  beforeEach(() => {
    now_ms = Date.now();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  /** A file as Codex begins it; `days_ago` chooses the folder. */
  function rollout(id: string, began_ms: number, payload: object = {}): Rollout {
    const began = new Date(began_ms);
    const two = (n: number) => String(n).padStart(2, '0');
    const day = `${began.getFullYear()}/${two(began.getMonth() + 1)}/${two(began.getDate())}`;
    const directory = join(home, 'sessions', day);
    mkdirSync(directory, { recursive: true });
    const timestamp = began.toISOString();
    const path = join(directory, `rollout-${timestamp.slice(0, 19).replaceAll(':', '-')}-${id}.jsonl`);
    const meta = { id, cwd: '/home/u/shop', timestamp, ...payload };
    writeFileSync(path, `${JSON.stringify({ timestamp, type: 'session_meta', payload: meta })}\n`);
    return {
      path,
      says: type => {
        const line = { timestamp: new Date().toISOString(), type: 'event_msg', payload: { type } };
        appendFileSync(path, `${JSON.stringify(line)}\n`);
      },
    };
  }

  function codexProcess(pid: number, started_ms: number) {
    const phases: string[] = [];
    const reader = codex.files!.open({
      session: {
        ...{ pid, uid: process.getuid!(), cwd: '/home/u/shop', start_ticks: pid, started_ms },
        session_id: null,
      },
      folder: home,
      emit: observation => {
        if (observation.type === 'transcript') phases.push(String(observation.entry?.phase));
      },
      clock: { now: () => Date.now(), wallTime: time_ms => time_ms },
      log: () => {},
    });
    open.push(reader);
    return { phases, reader };
  }
  const PATIENT = { timeout: 15_000 };

  it('each of two has its own, whichever was asked first', async () => {
    const first = codexProcess(100, now_ms - 20_000);
    const second = codexProcess(101, now_ms - 10_000);
    first.reader.start();
    second.reader.start();
    const own = rollout('b', now_ms - 9_500);
    own.says('task_started');
    await vi.waitFor(() => expect(second.phases).toEqual(['working']), PATIENT);
    expect(first.phases).toEqual([]);
    const other = rollout('a', now_ms - 19_000);
    other.says('task_started');
    other.says('task_complete');
    await vi.waitFor(() => expect(first.phases.at(-1)).toBe('turn_over'), PATIENT);
    expect(second.phases).toEqual(['working']);
    // Also for who comes to know of them later.
    for (const one of open.splice(0)) one.close();
    const again = codexProcess(100, now_ms - 20_000);
    const too = codexProcess(101, now_ms - 10_000);
    too.reader.start();
    again.reader.start();
    await vi.waitFor(
      () => expect([again.phases.at(-1), too.phases.at(-1)]).toEqual(['turn_over', 'working']),
      PATIENT,
    );
  });

  it('/new is followed, at once and by who comes later', async () => {
    const one = codexProcess(100, now_ms - 600_000);
    const before = rollout('a', now_ms - 599_000);
    before.says('task_started');
    before.says('task_complete');
    utimesSync(before.path, now_ms / 1000 - 300, now_ms / 1000 - 300);
    one.reader.start();
    await vi.waitFor(() => expect(one.phases).toEqual(['turn_over']), PATIENT);
    const next = rollout('b', now_ms);
    next.says('task_started');
    await vi.waitFor(() => expect(one.phases).toEqual(['turn_over', 'working']), PATIENT);
    const later = codexProcess(102, now_ms - 600_000);
    one.reader.close();
    later.reader.start();
    await vi.waitFor(() => expect(later.phases.at(-1)).toBe('working'), PATIENT);
  });

  it('/new of one of two is given to the one that had stopped', async () => {
    const busy = codexProcess(100, now_ms - 600_000);
    const idle = codexProcess(101, now_ms - 400_000);
    const a = rollout('a', now_ms - 599_500);
    const b = rollout('b', now_ms - 399_500);
    a.says('task_started');
    utimesSync(a.path, now_ms / 1000 + 60, now_ms / 1000 + 60);
    b.says('task_complete');
    utimesSync(b.path, now_ms / 1000 - 60, now_ms / 1000 - 60);
    busy.reader.start();
    idle.reader.start();
    await vi.waitFor(() => expect([busy.phases, idle.phases]).toEqual([['working'], ['turn_over']]), PATIENT);
    rollout('c', now_ms).says('task_started');
    await vi.waitFor(() => expect(idle.phases).toEqual(['turn_over', 'working']), PATIENT);
    expect(busy.phases).toEqual(['working']);
  });

  it('resume is followed into the folder of an earlier day', async () => {
    const old = rollout('old', now_ms - 3 * DAY_MS);
    old.says('task_complete');
    utimesSync(old.path, now_ms / 1000 - 2 * 86_400, now_ms / 1000 - 2 * 86_400);
    const one = codexProcess(100, now_ms - 5_000);
    one.reader.start();
    await new Promise(done => setTimeout(done, 300));
    expect(one.phases).toEqual([]);
    old.says('task_started');
    await vi.waitFor(() => expect(one.phases).toEqual(['working']), PATIENT);
  }, 20_000);

  it('what runs without a person there is not followed', async () => {
    const one = codexProcess(100, now_ms - 60_000);
    one.reader.start();
    rollout('exec', now_ms - 59_000, { source: 'exec' }).says('task_started');
    rollout('agent', now_ms - 59_000, { source: { subagent: 'review' } }).says('task_started');
    rollout('own', now_ms - 59_000, { source: 'cli' }).says('task_complete');
    await vi.waitFor(() => expect(one.phases).toEqual(['turn_over']), PATIENT);
  });

  it('a folder of many names costs little, and the newest is found', async () => {
    const own = rollout('own', now_ms);
    own.says('task_started');
    const directory = own.path.slice(0, own.path.lastIndexOf('/'));
    for (let i = 0; i < 4_000; i++)
      writeFileSync(join(directory, `rollout-2001-01-01T00-00-00-${i}.jsonl`), '');
    const one = codexProcess(100, now_ms - 1_000);
    const began = performance.now();
    one.reader.start();
    expect(performance.now() - began).toBeLessThan(1_000);
    await vi.waitFor(() => expect(one.phases).toEqual(['working']), PATIENT);
  }, 20_000);
});
