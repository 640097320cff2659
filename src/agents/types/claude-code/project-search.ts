import { DirectoryWalk } from '../../../lib/files/directory-walk.js';
import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { type FileTree, statIn } from '../../../lib/files/file-tree.js';
import { throttled } from '../../transcripts/reader.js';

/** Folders that are looked into between two turns of the event loop. */
const FOLDERS = 200;
const NEXT_MS = 50;
/** A person has some hundreds at most. */
const MAX_FOLDERS = 20_000;
const AGAIN_MS = 5_000;
const SOON_MS = 200;

/**
 * Claude Code names a project's directory after its path, everything but letters and digits turned to `-`; a long one
 * is cut after 200 characters and gets a digest. Another version may do otherwise: it is where to look first, no more.
 */
export function projectName(cwd: string): string {
  return cwd.replace(/[^a-zA-Z0-9]/g, '-');
}

/** Of a name of that length only so much is the path. */
export const NAME_CHARS = 200;

/** Finds `projects/ANY/SESSION.jsonl`, which may lie in any folder, and may not be there yet. */
export class ProjectSearch {
  private wanted: { name: string; first: readonly string[] } | null = null;
  private walk: DirectoryWalk | null = null;
  private best: { path: string; written_ms: number } | null = null;
  private seen = 0;
  private timer: NodeJS.Timeout | null = null;
  private watches: DirectoryWatch[] = [];
  private readonly beginSoon = throttled(SOON_MS, () => this.begin());

  /** `found` is told the path; afterwards nothing is looked for. */
  constructor(
    private readonly root: string,
    private readonly tree: FileTree,
    private readonly found: (path: string) => void,
  ) {}

  /** Null: nothing. `first`: the folders where it probably lies. */
  look(name: string | null, first: readonly string[] = []): void {
    this.stop();
    if (name === null) return;
    this.wanted = { name, first };
    this.watchOf('', () => this.beginSoon());
    // There it appears with the first prompt.
    for (const folder of first)
      this.watchOf(folder, changed => {
        if (changed === name) this.begin();
      });
    this.begin();
  }

  stop(): void {
    this.wanted = null;
    this.beginSoon.cancel();
    for (const watch of this.watches) watch.close();
    this.watches = [];
    this.pause();
  }

  private watchOf(folder: string, changed: (name: string) => void): void {
    const poll = () => this.beginSoon();
    const watch = new DirectoryWatch(`${this.root}/${folder}`, changed, poll, this.tree);
    this.watches.push(watch);
    watch.start();
  }

  private pause(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.walk?.close();
    this.walk = null;
  }

  private begin(): void {
    if (this.wanted === null) return;
    this.pause();
    this.best = null;
    this.seen = 0;
    for (const folder of this.wanted.first) this.consider(folder);
    if (this.best !== null) {
      this.end();
      return;
    }
    this.walk = new DirectoryWalk(this.root, this.tree);
    this.goOn();
  }

  private goOn(): void {
    if (this.walk === null) return;
    const { names, atEnd } = this.walk.next(FOLDERS);
    for (const name of names) this.consider(name);
    this.seen += names.length;
    if (!atEnd && this.seen < MAX_FOLDERS) this.timer = setTimeout(() => this.goOn(), NEXT_MS).unref();
    else this.end();
  }

  /** Where there are copies, the one that was written last. */
  private consider(folder: string): void {
    const path = `${this.root}/${folder}/${this.wanted?.name}`;
    const stat = statIn(this.tree, path);
    if (stat === null || !stat.isFile()) return;
    if (this.best === null || stat.mtimeMs > this.best.written_ms)
      this.best = { path, written_ms: stat.mtimeMs };
  }

  private end(): void {
    const { best } = this;
    this.pause();
    if (best === null) {
      this.timer = setTimeout(() => this.begin(), AGAIN_MS).unref();
      return;
    }
    this.stop();
    this.found(best.path);
  }
}
