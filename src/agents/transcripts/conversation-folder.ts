import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { type FileTree, listIn, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import type { ConversationSource, FoundConversation } from './conversations.js';

const HEAD_BYTES = 16 * 1024;
/** Names in a folder that are looked at. */
const MAX_NAMES = 2_000;
/** Folders of each level that are looked into, those changed last. */
const MAX_FOLDERS = 20;
/** Files that are looked at, those changed last. */
const MAX_FILES = 50;
/** Folders that are watched, those changed last. */
const MAX_WATCHED = 12;

/** How an agent lays down its conversations: a file each. */
export interface ConversationLayout {
  /** The way from the agent's folder to a file, a name or a pattern of names for each level. */
  path: readonly (string | RegExp)[];
  /**
   * Whose it is, from its first bytes. `later`: they are not whole yet. `none`: it is no conversation of a person's.
   * `cwd` may be null where `pid` is known.
   */
  readHead(head: string, path: string): ConversationHead | 'later' | 'none';
}

export interface ConversationHead {
  cwd: string | null;
  /** By the wall clock; null: when the file was made. */
  began_ms: number | null;
  pid: number | null;
}

interface Entry {
  path: string;
  size: number;
  changed_ms: number;
  made_ms: number;
}

/** The conversations below an agent's folder. */
export class ConversationFolder implements ConversationSource {
  private readonly heads = new Map<string, { head: ConversationHead | 'none'; changed_ms: number }>();
  private readonly watches = new Map<string, DirectoryWatch>();
  private changed: (() => void) | null = null;

  constructor(
    private readonly folder: string,
    private readonly layout: ConversationLayout,
    private readonly uid: number,
    private readonly tree: FileTree = OWN_TREE,
  ) {}

  list(): FoundConversation[] {
    const folders = this.folders();
    this.watchThese(folders.slice(0, MAX_WATCHED));
    const last = this.layout.path.at(-1) ?? '';
    const files = newest(
      this.tree,
      folders.filter(({ level }) => level === this.layout.path.length - 1).map(({ path }) => path),
      last,
      MAX_FILES,
    );
    if (this.heads.size > 20 * MAX_FILES) this.heads.clear();
    return files.flatMap(entry => {
      const head = this.head(entry);
      if (head === null || head === 'none') return [];
      const { path, size, changed_ms, made_ms } = entry;
      const { pid, cwd, began_ms } = head;
      return [{ path, size, written_ms: changed_ms, pid, cwd: cwd ?? '', began_ms: began_ms ?? made_ms }];
    });
  }

  watch(changed: () => void): void {
    this.changed = changed;
  }

  close(): void {
    this.changed = null;
    for (const watch of this.watches.values()) watch.close();
    this.watches.clear();
  }

  /** All that are on the way, the deepest and those changed last first. */
  private folders(): { path: string; level: number }[] {
    const all = [{ path: this.folder, level: 0 }];
    let level: string[] = [this.folder];
    this.layout.path.slice(0, -1).forEach((segment, i) => {
      level =
        typeof segment === 'string'
          ? level.map(path => `${path}/${segment}`)
          : newest(this.tree, level, segment, MAX_FOLDERS).map(({ path }) => path);
      all.unshift(...level.map(path => ({ path, level: i + 1 })));
    });
    return all;
  }

  private watchThese(folders: readonly { path: string }[]): void {
    const wanted = new Set(folders.map(({ path }) => path));
    for (const [path, watch] of this.watches) {
      if (wanted.has(path)) continue;
      watch.close();
      this.watches.delete(path);
    }
    for (const path of wanted) {
      if (this.watches.has(path)) continue;
      const watch = new DirectoryWatch(
        path,
        name => {
          if (!this.heads.has(`${path}/${name}`)) this.changed?.();
        },
        () => this.changed?.(),
        this.tree,
      );
      this.watches.set(path, watch);
      watch.start();
    }
  }

  private head({ path, changed_ms }: Entry): ConversationHead | 'none' | null {
    const known = this.heads.get(path);
    // Whose it is stays as it is, but for the process that holds it: another may have taken it up.
    const stays = known?.head === 'none' || known?.head.pid === null || known?.changed_ms === changed_ms;
    if (known !== undefined && stays) return known.head;
    const read = this.tree.read(path, { uid: this.uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (!read.ok || read.text === '') return null;
    const head = this.layout.readHead(read.text, path);
    if (head === 'later') return null;
    this.heads.set(path, { head, changed_ms });
    return head;
  }
}

/** What fits in these folders, changed last first. */
function newest(tree: FileTree, folders: readonly string[], fits: string | RegExp, max: number): Entry[] {
  const entries = folders.flatMap(folder =>
    namesIn(tree, folder, fits).flatMap(name => {
      const path = `${folder}/${name}`;
      const stat = statIn(tree, path);
      if (stat === null) return [];
      return [{ path, size: stat.size, changed_ms: stat.mtimeMs, made_ms: stat.birthtimeMs }];
    }),
  );
  return entries.sort((a, b) => b.changed_ms - a.changed_ms).slice(0, max);
}

function namesIn(tree: FileTree, folder: string, fits: string | RegExp): string[] {
  if (typeof fits === 'string') return [fits];
  return listIn(tree, folder, MAX_NAMES).filter(name => fits.test(name));
}
