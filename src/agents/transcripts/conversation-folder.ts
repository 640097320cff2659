import type { Stats } from 'node:fs';
import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { type FileTree, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import type { Mode } from '../../model/agent.js';
import { type ConversationReader, followedBy } from './assign.js';
import type { ConversationSource, FoundConversation } from './conversations.js';
import type { ReaderContext } from './reader.js';

export const HEAD_BYTES = 16 * 1024;
/** Heads that are read at one look; the others have their turn at the next. */
const MAX_HEADS = 50;
/** Heads that are kept in mind. */
const MAX_KNOWN = 2_000;

/** How an agent lays down its conversations: a file each. */
export interface ConversationLayout {
  /** Called at each look. */
  find(readers: ReadonlySet<ConversationReader>): Candidates;
  /**
   * Whose it is, from its first bytes. `later`: they are not whole yet. `never`: it is no conversation of a person's.
   */
  readHead(head: string, path: string, stat: Stats): ConversationHead | 'later' | 'never';
}

export interface Candidates {
  /** Those that may be of interest, the newest first. */
  files: readonly Candidate[];
  /** Where others may appear. */
  folders: readonly string[];
}

export interface Candidate {
  path: string;
  stat: Stats;
}

export type OpenLayout = (context: ReaderContext) => ConversationLayout;

export interface ConversationHead {
  /** Null where `pid` is known. */
  cwd: string | null;
  /** By the wall clock; null: when the file was made. */
  began_ms: number | null;
  pid: number | null;
  /** By which its agent names it; default: the file's name. */
  id?: string;
  /** Where its person sat when it began, where it says so. */
  mode?: Mode;
}

/** Of a file: for good, but for the process that holds it. */
interface KnownHead {
  head: ConversationHead | 'never';
  changed_ms: number;
}

/** The conversations below an agent's folder. */
export class ConversationFolder implements ConversationSource {
  private readonly heads = new Map<string, KnownHead>();
  private readonly watches = new Map<string, DirectoryWatch>();
  private readonly tree: FileTree;
  private heads_left = 0;

  constructor(
    private readonly context: ReaderContext,
    private readonly layout: ConversationLayout,
    private readonly changed: () => void,
  ) {
    this.tree = context.tree ?? OWN_TREE;
  }

  list(readers: ReadonlySet<ConversationReader>): FoundConversation[] {
    const { files, folders } = this.layout.find(readers);
    this.watchOnly(new Set(folders));
    if (this.heads.size > MAX_KNOWN) this.heads.clear();
    this.heads_left = MAX_HEADS;
    const followed = [...readers].flatMap(followedBy);
    const listed = new Set(files.map(({ path }) => path));
    const others = followed.filter(path => !listed.has(path));
    const found = [...files, ...candidates(this.tree, others)].flatMap(file => this.found(file));
    if (this.heads_left < 0) this.changed();
    return found;
  }

  close(): void {
    this.watchOnly(new Set());
  }

  private found({ path, stat }: Candidate): FoundConversation[] {
    const head = stat.size === 0 ? null : this.head(path, stat);
    if (head === null || head === 'never') return [];
    const { size, mtimeMs: written_ms } = stat;
    const { pid, cwd, began_ms, id = nameOf(path), mode } = head;
    const file = { dev: stat.dev, ino: stat.ino };
    const found = { path, id, size, written_ms, pid, cwd: cwd ?? '', file, ...(mode && { mode }) };
    return [{ ...found, began_ms: began_ms ?? stat.birthtimeMs }];
  }

  private head(path: string, stat: Stats): KnownHead['head'] | null {
    const known = this.heads.get(path);
    // Another process may have taken it up.
    const stays = known?.head === 'never' || known?.head.pid === null || known?.changed_ms === stat.mtimeMs;
    if (known !== undefined && stays) return known.head;
    if (this.heads_left-- <= 0) return known?.head ?? null;
    const { uid } = this.context.session;
    const read = this.tree.read(path, { uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (!read.ok || read.text === '') return null;
    const head = this.layout.readHead(read.text, path, stat);
    if (head === 'later') return null;
    this.heads.set(path, { head, changed_ms: stat.mtimeMs });
    return head;
  }

  /** Files whose heads are known tell their readers themselves. */
  private watchOnly(folders: ReadonlySet<string>): void {
    for (const [folder, watch] of this.watches) {
      if (folders.has(folder)) continue;
      watch.close();
      this.watches.delete(folder);
    }
    for (const folder of folders) {
      if (this.watches.has(folder)) continue;
      const watch = new DirectoryWatch(
        folder,
        name => {
          if (!this.heads.has(`${folder}/${name}`)) this.changed();
        },
        this.changed,
        this.tree,
      );
      this.watches.set(folder, watch);
      watch.start();
    }
  }
}

/** Without its folder and what follows the first dot. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
}

/** Those of these paths that are there. */
export function candidates(tree: FileTree, paths: readonly string[]): Candidate[] {
  return paths.flatMap(path => {
    const stat = statIn(tree, path);
    return stat === null ? [] : [{ path, stat }];
  });
}

/** The same, changed last first. */
export function newestOf(tree: FileTree, paths: readonly string[], max: number): Candidate[] {
  return candidates(tree, paths)
    .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs)
    .slice(0, max);
}
