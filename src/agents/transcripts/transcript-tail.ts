import { createHash } from 'node:crypto';
import { type FileTree, OWN_TREE } from '../../lib/files/file-tree.js';
import type { TranscriptEntry } from '../../model/observation.js';

const TAIL_BYTES = 128 * 1024;
/** Agents write many lines a second while they work; it is looked at no more often than this. */
export const TRANSCRIPT_INTERVAL_MS = 60;

/** The end of a file in which an agent writes down its turns. */
export class TranscriptTail {
  /** A digest of it: the text itself would be kept for each session. */
  private last = '';

  /** `refused`: it cannot be read, for another reason than that it is not there. */
  constructor(
    private readonly uid: number,
    private readonly parse: (tail: string) => TranscriptEntry | null,
    private readonly refused: (why: string) => void = () => {},
    private readonly tree: FileTree = OWN_TREE,
  ) {}

  /** What it says of a turn; null also where it ends as it did when it was last read. */
  read(path: string): TranscriptEntry | null {
    const result = this.tree.read(path, { uid: this.uid, max_bytes: TAIL_BYTES, part: 'tail' });
    if (!result.ok) {
      if (result.why !== 'not there') this.refused(result.why);
      return null;
    }
    const digest = createHash('sha1').update(result.text).digest('base64');
    if (digest === this.last) return null;
    this.last = digest;
    return this.parse(result.text);
  }
}
