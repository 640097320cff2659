import { DirectoryWalk } from '../../../lib/files/directory-walk.js';
import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { type FileTree, OWN_TREE, statIn } from '../../../lib/files/file-tree.js';
import { type AgentFileReader, type ReaderContext, throttled } from '../../transcripts/reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from '../../transcripts/transcript-tail.js';
import { readCopilotEvents } from './events.js';

const EVENTS = 'events.jsonl';
/** An old conversation that is taken up again makes no directory: all of them are looked through. */
const LOOK_MS = 5_000;
/** So many at once; then the next ones. */
const MAX_DIRECTORIES = 1_000;
/** Until all have been looked through once. */
const NEXT_LOOK_MS = 500;
/** Directories that inotify named lately: a conversation begins in them, its lock comes a moment later. */
const MAX_NAMED = 20;
/** One process holds several conversations after `/new`; those held last are followed. */
const MAX_HELD = 8;
/** The same of one that an editor drives: there each is a session. */
const MAX_SERVED = 32;
/** Of the file that names the folder of a conversation. */
const WORKSPACE_BYTES = 16 * 1024;

interface Held {
  tail: TranscriptTail;
  watch: DirectoryWatch;
  read: { (): void; cancel(): void };
}

/**
 * The logs of a Copilot process: `session-state/ID/events.jsonl`, where `inuse.<pid>.lock` beside it names
 * the process. What was written last counts.
 */
export class CopilotFiles implements AgentFileReader {
  private readonly root: string;
  private readonly lock: string;
  private readonly tree: FileTree;
  private readonly directories: DirectoryWatch;
  private readonly held = new Map<string, Held>();
  private readonly lookSoon = throttled(500, () => this.look());
  private timer: NodeJS.Timeout | null = null;
  private nextLook: NodeJS.Timeout | null = null;
  private readonly named = new Set<string>();
  /** A person keeps any number of conversations: all have their turn, a bounded number each time. */
  private readonly walk: DirectoryWalk;
  private lookedThrough = false;
  private told_ms = 0;

  constructor(private readonly context: ReaderContext) {
    this.root = `${context.folder}/session-state`;
    this.tree = context.tree ?? OWN_TREE;
    this.walk = new DirectoryWalk(this.root, this.tree);
    this.lock = `inuse.${context.inside?.pid ?? context.session.pid}.lock`;
    this.directories = new DirectoryWatch(
      this.root,
      name => this.hear(name),
      () => this.lookSoon(),
      this.tree,
    );
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
    this.walk.close();
    if (this.timer !== null) clearInterval(this.timer);
    if (this.nextLook !== null) clearTimeout(this.nextLook);
    for (const name of [...this.held.keys()]) this.release(name);
  }

  private hear(name: string): void {
    this.named.delete(name);
    this.named.add(name);
    const [oldest] = this.named;
    if (this.named.size > MAX_NAMED && oldest !== undefined) this.named.delete(oldest);
    this.lookSoon();
  }

  private look(): void {
    const { names, atEnd } = this.walk.next(MAX_DIRECTORIES);
    this.lookedThrough ||= atEnd;
    for (const name of [...this.named, ...names]) {
      if (/^[\w-]{1,64}$/.test(name) && !this.held.has(name) && this.isOurs(name)) this.hold(name);
    }
    if (this.lookedThrough) return;
    this.nextLook ??= setTimeout(() => {
      this.nextLook = null;
      this.look();
    }, NEXT_LOOK_MS).unref();
  }

  /** A lock of an earlier process with this pid was left behind by a crash. */
  private isOurs(name: string): boolean {
    const { session, clock } = this.context;
    const lock = statIn(this.tree, `${this.root}/${name}/${this.lock}`);
    // The wall clock, which dates files, may have been set before the agent started, or since.
    const start_ms = Math.min(session.started_ms, clock.wallTime(session.started_ms));
    return lock !== null && lock.uid === session.uid && lock.mtimeMs >= start_ms - 1_000;
  }

  private hold(name: string): void {
    const [oldest] = this.held.keys();
    const max = this.context.session.mode === 'conversation' ? MAX_SERVED : MAX_HELD;
    if (this.held.size >= max && oldest !== undefined) this.release(oldest);
    const read = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read(name));
    const watch = new DirectoryWatch(
      `${this.root}/${name}`,
      changed => {
        if (changed === EVENTS) read();
      },
      read,
      this.tree,
    );
    const tail = new TranscriptTail(this.context.session.uid, readCopilotEvents, undefined, this.tree);
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
    if (entry === null) return;
    const said = { type: 'transcript', time_ms: clock.now(), pid: session.pid, entry } as const;
    if (session.mode === 'conversation') {
      emit({ ...said, conversation: { id: name, cwd: this.folderOf(name) } });
      return;
    }
    if (entry.at_ms < this.told_ms) return;
    this.told_ms = entry.at_ms;
    emit(said);
  }

  /** Null: it does not say. */
  private folderOf(name: string): string | null {
    const { uid } = this.context.session;
    const file = `${this.root}/${name}/workspace.yaml`;
    const read = this.tree.read(file, { uid, max_bytes: WORKSPACE_BYTES, part: 'head' });
    return read.ok ? (/^cwd: (\/.{0,4095})$/m.exec(read.text)?.[1] ?? null) : null;
  }
}
