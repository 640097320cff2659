import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Badge, badgeOf } from '../../../src/outputs/desktop/badges/badge.js';
import { BadgeFiles, REFRESH_MS } from '../../../src/outputs/desktop/badges/files.js';
import type { FromHelper } from '../../../src/outputs/desktop/protocol.js';
import { UserSession } from '../../../src/outputs/desktop/user-session.js';
import { helperAgent, helperConfig } from './helper-rig.js';

/** Badge files through time, on a clock of the test's own. */

/** Consumers drop badges that are older. */
const STALE_S = 300;

let dir: string;
let now_ms: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-badges-'));
  chmodSync(dir, 0o700);
  now_ms = 1_000_000_000;
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

const read = (name: string): Badge => JSON.parse(readFileSync(join(dir, name), 'utf8')) as Badge;

describe('badge files', () => {
  const files = () =>
    new BadgeFiles(
      dir,
      helperConfig().badges,
      () => {},
      () => now_ms,
    );
  const working = (window: number) => badgeOf(window, [{ agent: helperAgent(), unseen: 0 }], now_ms)!;
  const stopped = (window: number) =>
    badgeOf(window, [{ agent: helperAgent({ state: 'WAITING', reason: 'done' }), unseen: 1 }], now_ms)!;

  it('of work are written anew each minute, and never get stale; those of a stop are left as they were', () => {
    const badges = files();
    const written_ms = now_ms;
    badges.set([working(5), stopped(6)]);
    expect(badges.dueIn()).toBe(REFRESH_MS);
    now_ms += REFRESH_MS - 1;
    badges.sync();
    expect(read('i3pm-badges/5.json').timestamp).toBe(written_ms / 1000);
    for (let minute = 0; minute < 6; minute++) {
      now_ms += badges.dueIn()!;
      badges.sync();
      expect(now_ms / 1000 - read('i3pm-badges/5.json').timestamp).toBeLessThan(STALE_S);
    }
    expect(read('i3pm-badges/5.json').timestamp).toBe(written_ms / 1000 + 6 * (REFRESH_MS / 1000));
    expect(read('i3pm-badges/6.json').timestamp).toBe(written_ms / 1000);
    badges.set([stopped(6)]);
    expect(badges.dueIn()).toBeNull();
    expect(readdirSync(join(dir, 'i3pm-badges'))).toEqual(['6.json']);
  });

  it('of a helper that was killed are cleaned by the next, and nothing else is', () => {
    files().set([working(5)]);
    const next = files();
    next.cleanUp();
    expect(existsSync(join(dir, 'i3pm-badges/5.json'))).toBe(false);
    next.set([working(7)]);
    // Another daemon's configuration names another folder: its files are not ours to judge.
    const elsewhere = { ...helperConfig().badges, directory: 'others' };
    new BadgeFiles(
      dir,
      elsewhere,
      () => {},
      () => now_ms,
    ).cleanUp();
    expect(existsSync(join(dir, 'i3pm-badges/7.json'))).toBe(true);
  });
});

it('a session keeps the badge of an agent at work fresh without anybody telling it anything', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const said: FromHelper[] = [];
  const config = helperConfig({ notifications: { enabled: false } });
  const out = { send: (message: FromHelper) => void said.push(message), log: () => {} };
  const session = new UserSession(dir, process.geteuid!(), config, out, () => now_ms);
  const agent = helperAgent({ pid: 4_100_000 });
  session.setAgents([agent]);
  const file = `vigil-sessions/${agent.pid}.json`;
  /** Timers as the test says, everything else as it comes. */
  const pass = async (ms: number) => {
    now_ms += ms;
    await vi.advanceTimersByTimeAsync(ms);
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
  };
  for (let i = 0; i < 200 && !existsSync(join(dir, file)); i++) await pass(10);
  const first = read(file).timestamp;
  for (let i = 0; i < 2; i++) await pass(REFRESH_MS);
  expect(read(file).timestamp - first).toBeGreaterThan(REFRESH_MS / 1000);
  expect(now_ms / 1000 - read(file).timestamp).toBeLessThan(REFRESH_MS / 1000 + 1);
  vi.useRealTimers();
  await session.close();
  expect(existsSync(join(dir, file))).toBe(false);
}, 60_000);
