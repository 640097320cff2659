import { nearestIn, OWN_TREE } from '../../../lib/files/file-tree.js';
import { FollowedTranscript } from '../../transcripts/followed-transcript.js';
import type { AgentFileReader, ReaderContext } from '../../transcripts/reader.js';
import { readAiderHistory } from './history.js';

const NAME = '.aider.chat.history.md';
/** It is made with the first chat, in the top folder of the repository. */
const LOOK_MS = 1_000;
/** Who follows which file: one serves one session, and what two write into it tells of neither. */
const followers = new Map<string, Set<AiderFiles>>();

/** `.aider.chat.history.md` in the directory of the chat, or the nearest above it. */
export class AiderFiles implements AgentFileReader {
  private path: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly transcript: FollowedTranscript;

  constructor(private readonly context: ReaderContext) {
    this.transcript = new FollowedTranscript(context, readAiderHistory);
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.look();
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.transcript.close();
    if (this.path === null) return;
    const others = followers.get(this.path);
    others?.delete(this);
    if (others?.size === 0) followers.delete(this.path);
  }

  private look(): void {
    this.path ??= this.find();
    if (this.path === null) return;
    const all = followers.get(this.path) ?? new Set<AiderFiles>();
    followers.set(this.path, all.add(this));
    this.transcript.follow(...(all.size === 1 ? [this.path] : []));
  }

  /** One that was not written since the chat began is of an earlier one. */
  private find(): string | null {
    const { folder, session, clock, tree = OWN_TREE } = this.context;
    const start_ms = Math.min(session.started_ms, clock.wallTime(session.started_ms));
    return nearestIn(tree, folder, NAME, ({ mtimeMs }) => mtimeMs >= start_ms - 1_000);
  }
}
