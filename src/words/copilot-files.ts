import { readdirSync } from 'node:fs';
import { readCopilotEvents } from '../agents/evidence/copilot-events.js';
import { statFile } from '../proc/stat-file.js';
import { DirectoryWatch } from './directory-watch.js';
import { type ReaderContext, throttled, type WordsReader } from './reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from './transcript-tail.js';

const EVENTS = 'events.jsonl';
/** An old conversation that is taken up again makes no directory: all of them are looked through. */
const LOOK_MS = 5_000;
const MAX_DIRECTORIES = 1_000;
/** One process holds several conversations after `/new`; those held last are followed. */
const MAX_HELD = 8;

interface Held {
  tail: TranscriptTail;
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
    const { session, clock } = this.context;
    const lock = statFile(`${this.root}/${name}/${this.lock}`);
    // The wall clock, which dates files, may have been set before the agent started, or since.
    const start_ms = Math.min(session.started_ms, clock.wallTime(session.started_ms));
    return lock !== null && lock.uid === session.uid && lock.mtimeMs >= start_ms - 1_000;
  }

  private hold(name: string): void {
    const [oldest] = this.held.keys();
    if (this.held.size >= MAX_HELD && oldest !== undefined) this.release(oldest);
    const read = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read(name));
    const watch = new DirectoryWatch(
      `${this.root}/${name}`,
      changed => {
        if (changed === EVENTS) read();
      },
      read,
    );
    const tail = new TranscriptTail(this.context.session.uid, readCopilotEvents);
    this.held.set(name, { tail, watch, read });
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
    const { session, emit, clock } = this.context;
    const entry = this.held.get(name)?.tail.read(`${this.root}/${name}/${EVENTS}`) ?? null;
    if (entry === null || entry.at_ms < this.told_ms) return;
    this.told_ms = entry.at_ms;
    emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}
