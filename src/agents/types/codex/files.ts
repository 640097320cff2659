import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import type { ConversationReader } from '../../transcripts/assign.js';
import { type AgentFileReader, type ReaderContext, throttled } from '../../transcripts/reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from '../../transcripts/transcript-tail.js';
import { readCodexRollout } from './rollout.js';
import { type CodexRollouts, rolloutsOf } from './rollouts.js';

/**
 * The rollout file of a Codex session: the one with which its conversation began, then that of each `/new` and
 * `resume`. Which file is whose, all readers of a user's files settle together: see CodexRollouts.
 */
export class CodexFiles implements AgentFileReader, ConversationReader {
  file: string | null = null;
  private readonly rollouts: CodexRollouts;
  private watch: DirectoryWatch | null = null;
  private tail: TranscriptTail;
  private readonly readSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read());

  constructor(private readonly context: ReaderContext) {
    this.rollouts = rolloutsOf(`${context.folder}/sessions`, context.clock);
    this.tail = this.newTail();
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  start(): void {
    this.rollouts.add(this);
  }

  close(): void {
    this.rollouts.remove(this);
    this.watch?.close();
    this.readSoon.cancel();
  }

  /** From now on this file tells of the session; null: none does. */
  follow(path: string | null): void {
    this.file = path;
    this.watch?.close();
    this.watch = null;
    this.tail = this.newTail();
    if (path === null) return;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    this.watch = new DirectoryWatch(
      path.slice(0, slash),
      changed => {
        if (changed === name) this.readSoon();
      },
      () => this.readSoon(),
    );
    this.watch.start();
    this.readSoon();
  }

  private newTail(): TranscriptTail {
    return new TranscriptTail(this.context.session.uid, readCodexRollout);
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    if (this.file === null) return;
    const entry = this.tail.read(this.file);
    if (entry !== null) emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}
