import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { type FileTree, nearestIn, OWN_TREE, statIn } from '../../../lib/files/file-tree.js';
import type { TranscriptEntry } from '../../../model/observation.js';
import { type ConversationReader, followedBy } from '../assign.js';
import type { ConversationSource, FoundConversation } from '../conversations.js';
import type { ConversationFollower } from '../followed-conversation.js';
import { type AgentFiles, type ReaderContext, throttled } from '../reader.js';
import { followConversations } from '../served-conversations.js';
import { DatabaseTooLargeError, type DatabaseView, readDatabase } from './read.js';

/** It is written many times a second while the agent works; each reading opens it: some 4 ms. */
const READ_INTERVAL_MS = 150;
/** In a container each reading copies all of it: some 60 ms for the largest. */
const COPY_INTERVAL_MS = 1_000;
/** After each copy for the list of its conversations, so many times as long. */
const COPY_RESTS = 20;

/** How an agent keeps all its conversations in one SQLite database. */
export interface DatabaseFormat {
  /** Below the agent's folder; of a project: below the nearest folder above it that has one. */
  file: string;
  /** That must be there. */
  tables: readonly string[];
  /** The newest conversations, a bounded number; `path` is what names one. `folder`: the agent's. */
  list(view: DatabaseView, folder: string): FoundConversation[];
  /** The state of one; null: it says nothing. */
  read(view: DatabaseView, path: string): TranscriptEntry | null;
  /** It is there still, and not put away by its person. */
  has(view: DatabaseView, path: string): boolean;
}

export function databaseConversations(folder: AgentFiles['folder'], format: DatabaseFormat): AgentFiles {
  const find = folder === 'project' ? nearest : below;
  return {
    folder,
    open: context => {
      const file = find(context, format.file);
      return followConversations(
        context,
        file,
        (place, changed) => new DatabaseSource(place, file, format, changed),
        of => new FollowedRow(of, file, format),
      );
    },
  };
}

function below({ folder }: ReaderContext, file: string): string {
  return `${folder}/${file}`;
}

/** Where none has one yet, it will be made in the folder itself. */
function nearest({ folder, tree = OWN_TREE }: ReaderContext, file: string): string {
  return nearestIn(tree, folder, file) ?? `${folder}/${file}`;
}

class DatabaseSource implements ConversationSource {
  private readonly watch: DirectoryWatch;
  private seen_ms = 0;
  private last: FoundConversation[] = [];
  private rests_until_ms = Number.NEGATIVE_INFINITY;
  private isTold = false;

  constructor(
    private readonly context: ReaderContext,
    private readonly file: string,
    private readonly format: DatabaseFormat,
    changed: () => void,
  ) {
    this.watch = watchJournal(file, changed, context.tree);
  }

  list(readers: ReadonlySet<ConversationReader>): FoundConversation[] {
    const changed_ms = statIn(this.context.tree ?? OWN_TREE, `${this.file}-wal`)?.mtimeMs ?? 0;
    if (changed_ms === this.seen_ms || !this.mayRead()) return this.last;
    const followed = new Set([...readers].flatMap(followedBy));
    const found = this.read(view => {
      const newest = this.format.list(view, this.context.folder);
      const listed = new Set(newest.map(({ path }) => path));
      const others = this.last.filter(({ path }) => followed.has(path) && !listed.has(path));
      return [...newest, ...others.filter(({ path }) => this.format.has(view, path))];
    });
    if (found === null) return this.last;
    this.seen_ms = changed_ms;
    this.last = found;
    return found;
  }

  private mayRead(): boolean {
    return this.context.tree === undefined || performance.now() >= this.rests_until_ms;
  }

  private read<T>(from: (view: DatabaseView) => T): T | null {
    const { session, tree, log } = this.context;
    const limits = { uid: session.uid, tables: this.format.tables, tree };
    const began_ms = performance.now();
    const found = unlessTooLarge(
      () => readDatabase(this.file, limits, from),
      why => {
        if (!this.isTold)
          log({ pid: session.pid, why }, 'the database of an agent in a container is not read');
        this.isTold = true;
      },
    );
    this.rests_until_ms = performance.now() + COPY_RESTS * (performance.now() - began_ms);
    return found;
  }

  close(): void {
    this.watch.close();
  }
}

/** What the database says of one conversation. */
class FollowedRow implements ConversationFollower {
  private path: string | null = null;
  private watch: DirectoryWatch | null = null;
  private said = '';
  private readonly readSoon: ReturnType<typeof throttled>;

  constructor(
    private readonly context: ReaderContext,
    private readonly database: string,
    private readonly format: DatabaseFormat,
  ) {
    const interval_ms = context.tree === undefined ? READ_INTERVAL_MS : COPY_INTERVAL_MS;
    this.readSoon = throttled(interval_ms, () => this.read());
  }

  follow(path: string | null): void {
    this.path = path;
    this.said = '';
    this.watch?.close();
    this.watch = path === null ? null : watchJournal(this.database, () => this.readSoon(), this.context.tree);
    this.readSoon();
  }

  close(): void {
    this.watch?.close();
    this.readSoon.cancel();
  }

  private read(): void {
    const { session, emit, clock, tree } = this.context;
    const { path } = this;
    if (path === null) return;
    const { tables } = this.format;
    const limits = { uid: session.uid, tables, tree };
    const found = unlessTooLarge(() =>
      readDatabase(this.database, limits, view => ({
        entry: this.format.read(view, path),
        isThere: this.format.has(view, path),
      })),
    );
    if (found === null) return; // its agent is just at it
    const { entry, isThere } = found;
    const says = JSON.stringify(entry);
    if (says === this.said || (entry === null && (isThere || this.said === ''))) return;
    this.said = entry === null ? '' : says;
    emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}

/** Null: it has grown beyond what is copied. */
function unlessTooLarge<T>(read: () => T, tooLarge: (why: string) => void = () => {}): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DatabaseTooLargeError)) throw error;
    tooLarge(error.message);
    return null;
  }
}

/** Whoever writes to the database writes to its journal. */
function watchJournal(database: string, changed: () => void, tree?: FileTree): DirectoryWatch {
  const slash = database.lastIndexOf('/');
  const name = `${database.slice(slash + 1)}-wal`;
  const watch = new DirectoryWatch(
    database.slice(0, slash),
    file => {
      if (file === name) changed();
    },
    changed,
    tree,
  );
  watch.start();
  return watch;
}
