import { type FileTree, OWN_TREE } from '../../../lib/files/file-tree.js';
import { FollowedTranscript } from '../../transcripts/followed-transcript.js';
import type { AgentFileReader, ReaderContext } from '../../transcripts/reader.js';
import {
  type FollowingReader,
  type SharedTranscripts,
  transcriptsOf,
} from '../../transcripts/shared-transcripts.js';
import { readCodexRollout } from './rollout.js';
import { Rollouts } from './rollouts.js';

/**
 * The rollout file of a Codex session: the one with which its conversation began, then that of each `/new` and
 * `resume`. Which file is whose, all readers of a user's files settle together: see SharedTranscripts.
 */
export class CodexFiles implements AgentFileReader, FollowingReader {
  file: string | null = null;
  readonly root: string;
  readonly tree: FileTree;
  private readonly conversations: SharedTranscripts;
  private readonly transcript: FollowedTranscript;

  constructor(private readonly context: ReaderContext) {
    this.root = `${context.folder}/sessions`;
    this.tree = context.tree ?? OWN_TREE;
    this.transcript = new FollowedTranscript(context, readCodexRollout);
    this.conversations = transcriptsOf(
      this,
      context.clock,
      (place, clock, changed) => new Rollouts(place, clock, changed),
    );
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  start(): void {
    this.conversations.add(this);
  }

  close(): void {
    this.conversations.remove(this);
    this.transcript.close();
  }

  /** From now on this file tells of the session; null: none does. */
  follow(path: string | null): void {
    this.file = path;
    this.transcript.follow(path === null ? null : `${this.root}/${path}`);
  }
}
