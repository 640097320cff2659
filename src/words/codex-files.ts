import { readCodexRollout, readRolloutMeta } from '../agents/evidence/codex-rollout.js';
import { listNames } from '../bounded-read.js';
import { DirectoryWatch } from './directory-watch.js';
import { type ReaderContext, throttled, type WordsReader } from './reader.js';
import { safeRead } from './safe-read.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from './transcript-tail.js';

const HEAD_BYTES = 8 * 1024;
/** A conversation's file says when its session started: so close to the process's start it is its own. */
const SAME_START_MS = 30_000;
/** Files of the day that are looked at to find the right one, newest first. */
const MAX_CANDIDATES = 50;

/**
 * The newest rollout file of a Codex session. It is created with the first prompt and names no process:
 * directory and start time tell whose it is.
 */
export class CodexFiles implements WordsReader {
  private day: DirectoryWatch | null = null;
  private directory = '';
  private file: string | null = null;
  private readonly tail: TranscriptTail;
  private readonly notOurs = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private readonly readSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read());

  constructor(private readonly context: ReaderContext) {
    this.tail = new TranscriptTail(context.session.uid, readCodexRollout);
  }

  start(): void {
    this.openDay();
    // Days change; the directory of a new day appears with its first session.
    this.timer = setInterval(() => this.openDay(), 60_000);
    this.timer.unref();
  }

  close(): void {
    this.day?.close();
    if (this.timer !== null) clearInterval(this.timer);
    this.readSoon.cancel();
  }

  private openDay(): void {
    if (this.file !== null) return;
    const { clock, home } = this.context;
    const directory = `${home.codex}/sessions/${dayPath(new Date(clock.wallTime(clock.now())))}`;
    if (directory === this.directory) return;
    this.day?.close();
    this.directory = directory;
    this.notOurs.clear();
    this.day = new DirectoryWatch(
      directory,
      name => {
        if (this.file === null || name === this.file) this.readSoon();
      },
      () => this.readSoon(),
    );
    this.day.start();
    this.readSoon();
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    this.file ??= this.findFile();
    if (this.file === null) return;
    const entry = this.tail.read(`${this.directory}/${this.file}`);
    if (entry !== null) emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }

  private findFile(): string | null {
    const { session, clock } = this.context;
    // The wall clock, which dates the conversation, may have been set before the agent started, or since.
    const starts_ms = [session.started_ms, clock.wallTime(session.started_ms)];
    let names: string[];
    try {
      names = listNames(this.directory);
    } catch {
      return null;
    }
    const candidates = names
      .filter(name => /^rollout-[\w-]+\.jsonl$/.test(name) && !this.notOurs.has(name))
      .sort();
    for (const name of candidates.reverse().slice(0, MAX_CANDIDATES)) {
      const head = safeRead(`${this.directory}/${name}`, {
        uid: session.uid,
        max_bytes: HEAD_BYTES,
        part: 'head',
      });
      const meta = head.ok ? readRolloutMeta(head.text) : null;
      if (meta === null) continue;
      const isOurs = starts_ms.some(start_ms => Math.abs(meta.started_ms - start_ms) <= SAME_START_MS);
      if (meta.cwd === session.cwd && isOurs) return name;
      this.notOurs.add(name);
    }
    return null;
  }
}

/** `2026/11/20`, in local time as Codex names them. */
function dayPath(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
}
