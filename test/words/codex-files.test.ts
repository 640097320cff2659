import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Observation, TranscriptObservation } from '../../src/agents/observation.js';
import { CodexFiles } from '../../src/words/codex-files.js';

const DAY_MS = 86_400_000;
const STARTED_MS = Date.UTC(2026, 10, 20, 12);

let home: string;
let seen: Observation[];
let files: CodexFiles | null = null;

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
  files = new CodexFiles({
    session: {
      pid: 100,
      uid: process.getuid!(),
      cwd: '/home/u/shop',
      start_ticks: 5000,
      started_ms: STARTED_MS,
      session_id: null,
    },
    home: { claude: home, codex: home, copilot: home },
    emit: observation => seen.push(observation),
    clock: { now: () => STARTED_MS + 1_000, wallTime: time_ms => time_ms + set_ms },
    log: () => {},
  });
  files.start();
  const phases = () =>
    seen.filter((o): o is TranscriptObservation => o.type === 'transcript').map(o => o.entry.phase);
  await vi.waitFor(() => expect(phases()).toEqual(['working']));
});
