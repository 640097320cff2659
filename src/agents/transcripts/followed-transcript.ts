import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { type FileTree, OWN_TREE } from '../../lib/files/file-tree.js';
import type { TranscriptEntry } from '../../model/observation.js';
import { type ReaderContext, throttled } from './reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from './transcript-tail.js';

/** Reads the end of a session's transcript whenever it changes, and passes on what it says. */
export class FollowedTranscript {
  private path: string | null = null;
  private watch: DirectoryWatch | null = null;
  private tail: TranscriptTail | null = null;
  private readonly tree: FileTree;
  private readonly readSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read());

  constructor(
    private readonly context: ReaderContext,
    private readonly parse: (tail: string) => TranscriptEntry | null,
    private readonly refused: (why: string) => void = () => {},
  ) {
    this.tree = context.tree ?? OWN_TREE;
  }

  /** From now on this file tells of the session; null: none does. */
  follow(path: string | null): void {
    if (path === this.path) return;
    this.path = path;
    this.watch?.close();
    this.watch = null;
    if (path === null) return;
    this.tail = new TranscriptTail(this.context.session.uid, this.parse, this.refused, this.tree);
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    this.watch = new DirectoryWatch(
      path.slice(0, slash),
      changed => {
        if (changed === name) this.readSoon();
      },
      () => this.readSoon(),
      this.tree,
    );
    this.watch.start();
    this.readSoon();
  }

  close(): void {
    this.follow(null);
    this.readSoon.cancel();
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    if (this.path === null || this.tail === null) return;
    const entry = this.tail.read(this.path);
    if (entry !== null) emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}
