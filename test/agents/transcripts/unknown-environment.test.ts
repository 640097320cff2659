import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Session } from '../../../src/agents/tracker/session.js';
import { AgentPlaces } from '../../../src/agents/transcripts/agent-place.js';
import { AgentFilesWatcher } from '../../../src/agents/transcripts/watcher.js';
import { claudeCode } from '../../../src/agents/types/claude-code/index.js';
import { Users } from '../../../src/lib/os/users.js';
import { type Memory, memoryOf } from '../../../src/lib/proc/process-memory.js';
import { clock } from '../../../src/lib/time/time.js';

/** On a machine without time the environment of an agent cannot be read at once: that is not to be without one. */

const ROOT = '/nowhere/unknown-environment';
const session = {
  ...{ pid: 4242, uid: 0, type: claudeCode, mode: 'terminal', ending: null, server: null },
} as unknown as Session;
let environ: Memory;

beforeEach(() => {
  vi.useFakeTimers();
  environ = 'unknown';
  vi.spyOn(memoryOf(ROOT), 'read').mockImplementation(() => environ);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('its files are looked for where it says, once it can be asked', () => {
  const folders: string[] = [];
  const places = new AgentPlaces(ROOT);
  const watcher = new AgentFilesWatcher({
    root: ROOT,
    users: new Users(),
    emit: () => {},
    clock,
    log: () => {},
    elsewhere: (_, folder) => {
      folders.push(folder);
      return { start: () => {}, close: () => {} };
    },
    place: one => places.of(one),
  });
  watcher.sync([session]);
  vi.advanceTimersByTime(5_000);
  expect(folders).toEqual([]);
  environ = Buffer.from('HOME=/home/ann\0CLAUDE_CONFIG_DIR=/srv/claude\0');
  vi.advanceTimersByTime(1_500);
  expect(folders.map(folder => folder.startsWith('/srv/claude'))).toEqual([true]);
  watcher.close();
});

it('its container has its name, once it can be asked', () => {
  const places = new AgentPlaces(ROOT);
  expect(places.of(session).container).toBeNull();
  environ = Buffer.from('container=podman\0HOSTNAME=shop\0');
  vi.advanceTimersByTime(1_500);
  expect(places.of(session).container).toBe('shop (podman)');
});

it('it stays where it was while vigil has no descriptor left to look again', () => {
  const places = new AgentPlaces(ROOT);
  const before = places.of(session);
  vi.mocked(memoryOf(ROOT).read).mockImplementation(() => {
    throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  });
  vi.advanceTimersByTime(1_500);
  expect(places.of(session)).toEqual(before);
  vi.mocked(memoryOf(ROOT).read).mockImplementation(() => Buffer.from('container=podman\0HOSTNAME=shop\0'));
  vi.advanceTimersByTime(1_500);
  expect(places.of(session).container).toBe('shop (podman)');
});
