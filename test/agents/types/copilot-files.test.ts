import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CopilotFiles } from '../../../src/agents/types/copilot-cli/files.js';
import type { Observation, TranscriptObservation } from '../../../src/model/observation.js';

let home: string;
let seen: Observation[];
let files: CopilotFiles;
let clock = Date.now();
/** The wall clock was set by so much since vigil started. */
let set_ms = 0;

const phases = () =>
  seen.filter((o): o is TranscriptObservation => o.type === 'transcript').map(o => o.entry?.phase);
const events = (id: string) => join(home, 'session-state', id, 'events.jsonl');
const line = (type: string, data: object = {}) =>
  `${JSON.stringify({ type, data, timestamp: new Date(clock++).toISOString() })}\n`;

function conversation(id: string, pid: number): void {
  mkdirSync(join(home, 'session-state', id), { recursive: true });
  writeFileSync(join(home, 'session-state', id, `inuse.${pid}.lock`), String(pid));
}

/** A name for one more folder that the system lists behind the first thousand. */
function lateName(root: string): string {
  for (let i = 0; ; i++) {
    mkdirSync(join(root, `new-${i}`));
    const at = readdirSync(root).indexOf(`new-${i}`);
    rmSync(join(root, `new-${i}`), { recursive: true });
    if (at >= 1_000 || i > 100) return `new-${i}`;
  }
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-copilot-'));
  seen = [];
  set_ms = 0;
  const uid = process.getuid!();
  const started_ms = Date.now() - 60_000;
  files = new CopilotFiles({
    session: { pid: 100, uid, cwd: '/home/u/shop', start_ticks: 5000, started_ms, session_id: null },
    folder: home,
    emit: observation => seen.push(observation),
    clock: { now: () => 0, wallTime: time_ms => time_ms + set_ms },
    log: () => {},
  });
});
afterEach(() => {
  files.close();
  rmSync(home, { recursive: true });
});

it('follows the conversation that its process holds, and the next one', async () => {
  files.start();
  conversation('a-1', 100);
  conversation('b-2', 101);
  writeFileSync(events('b-2'), line('user.message'));
  writeFileSync(events('a-1'), line('user.message') + line('permission.requested', { requestId: 'r' }));
  await vi.waitFor(() => expect(phases()).toEqual(['approval']), 5000);
  conversation('c-3', 100);
  writeFileSync(events('c-3'), line('user.message'));
  await vi.waitFor(() => expect(phases().at(-1)).toBe('working'), 5000);
  appendFileSync(events('c-3'), line('assistant.turn_end'));
  await vi.waitFor(() => expect(phases().at(-1)).toBe('turn_over'), 5000);
});

it('finds what was there before, the newest last, and nothing of an earlier process', async () => {
  conversation('new', 100);
  writeFileSync(events('new'), line('user.message'));
  conversation('newest', 100);
  writeFileSync(events('newest'), line('session.error'));
  conversation('old', 100);
  writeFileSync(events('old'), line('user.message'));
  utimesSync(join(home, 'session-state/old/inuse.100.lock'), 1000, 1000);
  files.start();
  await vi.waitFor(() => expect(phases().at(-1)).toBe('turn_over'), 5000);
});

it.each([
  ['back before the agent started', -86_400_000, -86_400_000],
  ['back since', -86_400_000, 0],
  ['forward since', 86_400_000, 0],
])('finds its conversation though the wall clock was set %s', async (_when, by_ms, lock_ms) => {
  set_ms = by_ms;
  conversation('a-1', 100);
  writeFileSync(events('a-1'), line('user.message'));
  const dated_s = (Date.now() + lock_ms) / 1000;
  utimesSync(join(home, 'session-state/a-1/inuse.100.lock'), dated_s, dated_s);
  files.start();
  await vi.waitFor(() => expect(phases()).toEqual(['working']), 5000);
});

it('finds its conversation among thousands, and the next one', async () => {
  const root = join(home, 'session-state');
  for (let i = 0; i < 2_500; i++) mkdirSync(join(root, `old-${i}`), { recursive: true });
  const names = readdirSync(root);
  const late = names.at(-1)!;
  conversation(late, 100);
  writeFileSync(events(late), line('user.message'));
  files.start();
  await vi.waitFor(() => expect(phases()).toEqual(['working']), 5000);
  // As Copilot makes them: the name of the process comes after the folder.
  const next = lateName(root);
  mkdirSync(join(root, next), { recursive: true });
  writeFileSync(events(next), line('user.message') + line('assistant.turn_end'));
  await new Promise(done => setTimeout(done, 700));
  conversation(next, 100);
  await vi.waitFor(() => expect(phases().at(-1)).toBe('turn_over'), 12_000);
}, 30_000);

it('is not led elsewhere', async () => {
  conversation('a-1', 100);
  writeFileSync(join(home, 'elsewhere'), line('user.message'));
  symlinkSync(join(home, 'elsewhere'), events('a-1'));
  files.start();
  await new Promise(done => setTimeout(done, 300));
  expect(phases()).toEqual([]);
});
