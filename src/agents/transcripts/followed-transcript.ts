import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { type FileTree, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import type { TranscriptEntry } from '../../model/observation.js';
import { type ReaderContext, throttled } from './reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from './transcript-tail.js';

/** A file of a transcript, and its end as it was last read. */
interface Part {
  path: string;
  text: string;
  tail: TranscriptTail;
}

/** Reads the ends of the files of a session's transcript whenever they change, and passes on what they say. */
export class FollowedTranscript {
  private watch: DirectoryWatch | null = null;
  private parts: Part[] = [];
  /** It has said something. */
  private told = false;
  private readonly tree: FileTree;
  private readonly readSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read());

  /** `parse`: what their ends say, in the order of the files; null: nothing. */
  constructor(
    private readonly context: ReaderContext,
    private readonly parse: (tail: string, ...others: string[]) => TranscriptEntry | null,
    private readonly refused: (why: string) => void = () => {},
  ) {
    this.tree = context.tree ?? OWN_TREE;
  }

  /** From now on these files, in one folder, tell of the session; none: nothing does. */
  follow(...paths: readonly string[]): void {
    if (paths.length === this.parts.length && paths.every((path, i) => path === this.parts[i]?.path)) return;
    this.watch?.close();
    this.watch = null;
    this.parts = paths.map(path => this.partOf(path));
    this.told = false;
    const [first] = paths;
    if (first === undefined) return;
    const names = new Set(paths.map(path => path.slice(path.lastIndexOf('/') + 1)));
    this.watch = new DirectoryWatch(
      first.slice(0, first.lastIndexOf('/')),
      changed => {
        if (names.has(changed)) this.readSoon();
      },
      () => this.readSoon(),
      this.tree,
    );
    this.watch.start();
    this.readSoon();
  }

  close(): void {
    this.follow();
    this.readSoon.cancel();
  }

  private partOf(path: string): Part {
    const keep = (tail: string): null => {
      part.text = tail;
      return null;
    };
    const tail = new TranscriptTail(this.context.session.uid, keep, this.refused, this.tree);
    const part: Part = { path, text: '', tail };
    return part;
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    const before = this.parts.map(({ text }) => text);
    for (const { tail, path } of this.parts) tail.read(path);
    if (this.parts.every(({ text }, i) => text === before[i])) {
      if (this.told && !this.isThere()) this.lost();
      return;
    }
    const [first = '', ...others] = this.parts.map(({ text }) => text);
    const entry = this.parse(first, ...others);
    // Of several its text is needed again when another changes; a single one would only cost memory.
    if (this.parts.length === 1) for (const part of this.parts) part.text = '';
    if (entry === null) return;
    this.told = true;
    emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }

  private isThere(): boolean {
    return this.parts.some(({ path }) => statIn(this.tree, path) !== null);
  }

  /** Deleted, or moved away: what it said last holds no more. It may come back, and says the same again then. */
  private lost(): void {
    const { session, emit, clock } = this.context;
    this.told = false;
    this.parts = this.parts.map(({ path }) => this.partOf(path));
    emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry: null });
  }
}
