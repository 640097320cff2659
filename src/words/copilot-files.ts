import { readdirSync } from 'node:fs';
import { readCopilotEvents } from '../agents/evidence/copilot-events.js';
import { statFile } from '../proc/stat-file.js';
import { DirectoryWatch } from './directory-watch.js';
import { type ReaderContext, throttled, type WordsReader } from './reader.js';
import { safeRead } from './safe-read.js';

const EVENTS = 'events.jsonl';
const TAIL_BYTES = 128 * 1024;
const INTERVAL_MS = 60;
/** An old conversation that is taken up again makes no directory: all of them are looked through. */
const LOOK_MS = 5_000;
const MAX_DIRECTORIES = 1_000;
/** One process holds several conversations after `/new`; those held last are followed. */
const MAX_HELD = 8;

interface Held {
  tail: string;
  watch: DirectoryWatch;
  read: { (): void; cancel(): void };
}

/**
 * The logs of a Copilot process: `session-state/ID/events.jsonl`, where `inuse.<pid>.lock` beside it names
 * the process. What was written last counts.
 */
export class CopilotFiles implements WordsReader {
  private readonly root: string;
  private readonly lock: string;
  private readonly directories: DirectoryWatch;
  private readonly held = new Map<string, Held>();
  private readonly lookSoon = throttled(500, () => this.look());
  private timer: NodeJS.Timeout | null = null;
  private told_ms = 0;

  constructor(private readonly context: ReaderContext) {
    this.root = `${context.home.copilot}/session-state`;
    this.lock = `inuse.${context.session.pid}.lock`;
    const look = () => this.lookSoon();
    this.directories = new DirectoryWatch(this.root, look, look);
  }

  start(): void {
    this.directories.start();
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
    this.look();
  }

  close(): void {
    this.directories.close();
    this.lookSoon.cancel();
    if (this.timer !== null) clearInterval(this.timer);
    for (const name of [...this.held.keys()]) this.release(name);
  }

  private look(): void {
    let names: string[];
    try {
      names = readdirSync(this.root);
    } catch {
      return;
    }
    for (const name of names.slice(0, MAX_DIRECTORIES)) {
      if (/^[\w-]{1,64}$/.test(name) && !this.held.has(name) && this.isOurs(name)) this.hold(name);
    }
  }

  /** A lock of an earlier process with this pid was left behind by a crash. */
  private isOurs(name: string): boolean {
    const { uid, started_ms } = this.context.session;
    const lock = statFile(`${this.root}/${name}/${this.lock}`);
    return lock !== null && lock.uid === uid && lock.mtimeMs >= started_ms - 1_000;
  }

  private hold(name: string): void {
    const [oldest] = this.held.keys();
    if (this.held.size >= MAX_HELD && oldest !== undefined) this.release(oldest);
    const read = throttled(INTERVAL_MS, () => this.read(name));
    const watch = new DirectoryWatch(
      `${this.root}/${name}`,
      changed => {
        if (changed === EVENTS) read();
      },
      read,
    );
    this.held.set(name, { tail: '', watch, read });
    watch.start();
    read();
  }

  private release(name: string): void {
    const held = this.held.get(name);
    held?.watch.close();
    held?.read.cancel();
    this.held.delete(name);
  }

  private read(name: string): void {
    const { session, emit, now } = this.context;
    const limits = { uid: session.uid, max_bytes: TAIL_BYTES, part: 'tail' } as const;
    const held = this.held.get(name);
    const result = safeRead(`${this.root}/${name}/${EVENTS}`, limits);
    if (held === undefined || !result.ok || result.text === held.tail) return;
    held.tail = result.text;
    const entry = readCopilotEvents(result.text);
    if (entry === null || entry.at_ms < this.told_ms) return;
    this.told_ms = entry.at_ms;
    emit({ type: 'transcript', time_ms: now(), pid: session.pid, entry });
  }
}
