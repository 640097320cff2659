import { type FSWatcher, watch } from 'node:fs';
import { statFile } from '../../lib/files/stat-file.js';

/** What bus and compositors put there. */
const INTERESTING = /^(bus|sway-ipc|i3|hypr|wayland)/;

/** A user's runtime directory: it comes with the first login and goes with the last logout. */
export class RuntimeDir {
  private inode = 0;
  private watcher: FSWatcher | null = null;

  constructor(
    readonly path: string,
    /** Something came or went that may be a bus or a compositor. */
    private readonly changed: () => void,
  ) {}

  get exists(): boolean {
    return this.inode !== 0;
  }

  /** Looks again, and watches what is there now. True: it is another directory than before, or gone. */
  look(): boolean {
    const inode = statFile(this.path)?.ino ?? 0;
    const another = inode !== this.inode;
    if (this.watcher !== null && !another) return false;
    this.close();
    this.inode = inode;
    if (inode !== 0) this.watch();
    return another;
  }

  close(): void {
    this.watcher?.close();
    this.watcher = null;
  }

  private watch(): void {
    try {
      this.watcher = watch(this.path, (_event, name) => {
        if (name !== null && INTERESTING.test(name)) this.changed();
      });
      this.watcher.on('error', () => this.close());
    } catch {
      // gone again; looked for again
    }
  }
}
