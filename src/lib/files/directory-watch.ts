import { type FSWatcher, watch } from 'node:fs';
import { onTick } from '../time/ticker.js';
import { type FileTree, OWN_TREE, statIn } from './file-tree.js';

/** More than this is no agent at work: then it is looked at once a second, until that ends. */
const MAX_EVENTS_PER_S = 1_000;

/**
 * Calls back when a file directly in the directory changes, by inotify. Survives a directory that does not
 * exist yet, is removed or replaced. While there is no inotify watch, or too much happens in the directory, `poll`
 * is called every second instead.
 */
export class DirectoryWatch {
  private watcher: FSWatcher | null = null;
  private endChecks: (() => void) | null = null;
  private inode = 0;
  private closed = false;
  private events = 0;

  constructor(
    private readonly path: string,
    private readonly changed: (name: string) => void,
    private readonly poll: () => void,
    private readonly tree: FileTree = OWN_TREE,
  ) {}

  start(): void {
    this.open();
    this.endChecks = onTick('transcripts', () => this.check());
  }

  close(): void {
    this.closed = true;
    this.endChecks?.();
    this.drop();
  }

  private open(): void {
    try {
      this.inode = inodeOf(this.tree, this.path);
      this.watcher = this.tree.at(this.path, path => watch(path, { persistent: false }, this.heard));
      this.watcher.on('error', () => this.drop());
    } catch {
      this.watcher = null;
    }
  }

  private readonly heard = (_event: string, name: string | null): void => {
    if (++this.events > MAX_EVENTS_PER_S) this.drop();
    else if (!this.closed && typeof name === 'string') this.changed(name);
  };

  /** The directory may have come, gone, or been replaced by another of the same name. */
  private check(): void {
    this.events = 0;
    const inode = inodeOf(this.tree, this.path);
    if (this.watcher !== null && inode === this.inode) return;
    this.drop();
    this.open();
    this.poll();
  }

  private drop(): void {
    this.watcher?.close();
    this.watcher = null;
  }
}

function inodeOf(tree: FileTree, path: string): number {
  return statIn(tree, path)?.ino ?? 0;
}
