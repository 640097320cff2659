import { type FileTree, listIn, OWN_TREE } from '../../lib/files/file-tree.js';
import { type Candidates, type ConversationLayout, newestOf } from './conversation-folder.js';
import type { ReaderContext } from './reader.js';

/** Names in a folder that are looked at, and in all folders of a level together: some 5 µs each. */
const MAX_NAMES = 2_000;
const MAX_NAMES_TOGETHER = 5_000;
/** Folders of each level that are looked into, those changed last. */
const MAX_FOLDERS = 20;
/** Files that are looked at, those changed last. */
const MAX_FILES = 50;
/** Folders that are watched, those changed last. */
const MAX_WATCHED = 12;

export interface LevelFormat extends Pick<ConversationLayout, 'readHead'> {
  /** The way from the agent's folder to a file, a name or a pattern of names for each level. */
  path: readonly (string | RegExp)[];
}

/** Conversations so many folders below the agent's, each with a name that fits. */
export class Levels implements ConversationLayout {
  readonly readHead: ConversationLayout['readHead'];
  private readonly folder: string;
  private readonly tree: FileTree;

  constructor(
    { folder, tree = OWN_TREE }: ReaderContext,
    private readonly format: LevelFormat,
  ) {
    this.folder = folder;
    this.tree = tree;
    this.readHead = format.readHead;
  }

  find(): Candidates {
    const folders = this.folders();
    const names = this.format.path.at(-1) ?? '';
    const last = folders.filter(({ level }) => level === this.format.path.length - 1);
    const files = this.fitting(
      last.map(({ path }) => path),
      names,
    );
    return {
      files: newestOf(this.tree, files, MAX_FILES),
      folders: folders.slice(0, MAX_WATCHED).map(({ path }) => path),
    };
  }

  /** All that are on the way, the deepest and those changed last first. */
  private folders(): { path: string; level: number }[] {
    const all = [{ path: this.folder, level: 0 }];
    let level: string[] = [this.folder];
    this.format.path.slice(0, -1).forEach((segment, i) => {
      const below = this.fitting(level, segment);
      level =
        typeof segment === 'string' ? below : newestOf(this.tree, below, MAX_FOLDERS).map(({ path }) => path);
      all.unshift(...level.map(path => ({ path, level: i + 1 })));
    });
    return all;
  }

  /** Those changed last come first, and first get room. */
  private fitting(folders: readonly string[], fits: string | RegExp): string[] {
    if (typeof fits === 'string') return folders.map(folder => `${folder}/${fits}`);
    let room = MAX_NAMES_TOGETHER;
    return folders.flatMap(folder => {
      if (room === 0) return [];
      const names = listIn(this.tree, folder, Math.min(MAX_NAMES, room)).filter(name => fits.test(name));
      room -= names.length;
      return names.map(name => `${folder}/${name}`);
    });
  }
}
