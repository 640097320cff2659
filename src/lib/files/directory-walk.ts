import { eachName } from './bounded-read.js';
import { type FileTree, OWN_TREE } from './file-tree.js';

/** No walk goes on for longer than this many names; then it begins anew. */
const MAX_NAMES = 5_000_000;

/**
 * Goes through the names of a directory a bounded number at a time, in the order in which the system has them: a
 * folder of a million names costs no more memory, and no more time at once, than one of a thousand.
 */
export class DirectoryWalk {
  private names: Generator<string> | null = null;

  constructor(
    private readonly path: string,
    private readonly tree: FileTree = OWN_TREE,
  ) {}

  /** The next names, at most `max`, and whether these were the last; the walk after that begins anew. */
  next(max: number): { names: string[]; atEnd: boolean } {
    const names: string[] = [];
    try {
      return this.tree.at(this.path, path => this.read(path, names, max));
    } catch {
      return this.ended(names);
    }
  }

  /** It is opened with the first name. */
  private read(path: string, names: string[], max: number): { names: string[]; atEnd: boolean } {
    this.names ??= eachName(path, MAX_NAMES);
    while (names.length < max) {
      const name = this.names.next();
      if (name.done) return this.ended(names);
      names.push(name.value);
    }
    return { names, atEnd: false };
  }

  /** What it holds open it lets go. */
  close(): void {
    try {
      this.names?.return(undefined);
    } catch {
      // It was gone already.
    }
    this.names = null;
  }

  private ended(names: string[]): { names: string[]; atEnd: true } {
    this.close();
    return { names, atEnd: true };
  }
}
