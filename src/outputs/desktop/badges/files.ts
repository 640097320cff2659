import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { safeRead } from '../../../lib/files/safe-read.js';
import { wallTime } from '../../../lib/time/time.js';
import { type Log, Once } from '../out.js';
import type { HelperConfig } from '../protocol.js';
import type { Badge } from './badge.js';
import { removeFileSafely, writeFileSafely } from './store.js';

/** Consumers drop badges older than 300 s. */
export const REFRESH_MS = 60_000;
const RETRY_MS = 10_000;

const manifestSchema = z.array(z.tuple([z.string(), z.string().regex(/^\d{1,16}\.json$/)])).max(10_000);

interface Written {
  dir: string;
  name: string;
  /** Without its timestamp. */
  content: string;
  badge: Badge;
  time_ms: number;
}

/** Keeps the badge files on disk equal to what they should be. */
export class BadgeFiles {
  private readonly windows: string;
  private readonly sessions: string;
  private readonly state: string;
  private wanted: Badge[] = [];
  private readonly written = new Map<string, Written>();
  private readonly once: Once;
  private retry_ms: number | null = null;

  constructor(
    runtimeDir: string,
    config: HelperConfig['badges'],
    log: Log,
    private readonly now: () => number,
  ) {
    const place = (dir: string) => (isAbsolute(dir) ? dir : join(runtimeDir, dir));
    this.windows = place(config.directory);
    this.sessions = place(config.session_directory);
    this.state = join(runtimeDir, 'vigil');
    this.once = new Once(log);
  }

  /** Takes away what a helper before us left behind; nothing that others wrote. */
  cleanUp(): void {
    const manifest = safeRead(join(this.state, 'badges.json'), {
      uid: process.geteuid!(),
      max_bytes: 1 << 20,
    });
    for (const [dir, name] of manifest.ok ? parseManifest(manifest.text) : []) {
      // The folders are the configured ones of that time; a forged list can only name the user's own files.
      if (dir === this.windows || dir === this.sessions) this.remove(dir, name);
    }
    this.remember();
  }

  /** These, and no others. */
  set(badges: readonly Badge[]): void {
    this.wanted = [...badges];
    this.sync(false);
  }

  /** When `sync` is to be called again although nothing changed. */
  dueIn(): number | null {
    const dues = [...this.written.values()]
      .filter(({ badge }) => badge.state === 'working')
      .map(({ time_ms }) => time_ms + REFRESH_MS - this.now());
    if (this.retry_ms !== null) dues.push(this.retry_ms - this.now());
    return dues.length === 0 ? null : Math.max(0, Math.min(...dues));
  }

  sync(refresh = true): void {
    this.retry_ms = null;
    const keep = new Set<string>();
    let changed = false;
    for (const badge of this.wanted) {
      const dir = badge.tty === undefined ? this.windows : this.sessions;
      const name = `${badge.window_id}.json`;
      const path = join(dir, name);
      keep.add(path);
      changed = this.write(path, dir, name, badge, refresh) || changed;
    }
    for (const [path, { dir, name }] of this.written) {
      if (keep.has(path)) continue;
      if (this.remove(dir, name)) this.written.delete(path);
      changed = true;
    }
    if (changed) this.remember();
  }

  /** The folders are gone, or new ones: nothing of ours is there. */
  forget(): void {
    this.written.clear();
  }

  close(): void {
    this.set([]);
  }

  private write(path: string, dir: string, name: string, badge: Badge, refresh: boolean): boolean {
    const content = JSON.stringify({ ...badge, timestamp: 0 });
    const before = this.written.get(path);
    const time_ms = this.now();
    const old = before !== undefined && time_ms - before.time_ms >= REFRESH_MS;
    if (before?.content === content && !(refresh && old && badge.state === 'working')) return false;
    // Its readers compare it with the wall clock.
    const fresh = { ...badge, timestamp: wallTime(time_ms) / 1000 };
    try {
      writeFileSafely(dir, name, `${JSON.stringify(fresh)}\n`);
      this.written.set(path, { dir, name, content, badge: fresh, time_ms });
      this.once.clear(dir, 'badges can be written again', { folder: dir });
      return before === undefined;
    } catch (error) {
      this.failed(dir, error as Error);
      return false;
    }
  }

  private remove(dir: string, name: string): boolean {
    try {
      removeFileSafely(dir, name);
      return true;
    } catch (error) {
      this.failed(dir, error as Error);
      return false;
    }
  }

  private failed(dir: string, error: Error): void {
    this.once.warn(dir, `cannot write badges: ${error.message}; trying again`, { folder: dir });
    this.retry_ms = this.now() + RETRY_MS;
  }

  private remember(): void {
    try {
      const list = [...this.written.values()].map(({ dir, name }) => [dir, name]);
      writeFileSafely(this.state, 'badges.json', `${JSON.stringify(list)}\n`);
      this.once.clear(this.state, 'the list of badges can be written again');
    } catch (error) {
      this.once.warn(this.state, `cannot keep the list of badges: ${(error as Error).message}`, {
        folder: this.state,
      });
    }
  }
}

function parseManifest(text: string): [string, string][] {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return [];
  }
}
