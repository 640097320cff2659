import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { statFile } from '../../lib/files/stat-file.js';
import type { TranscriptEntry } from '../../model/observation.js';
import type { ConversationReader } from './assign.js';
import {
  type ConversationSource,
  type Conversations,
  conversationsAt,
  type FoundConversation,
} from './conversations.js';
import { type DatabaseView, readDatabase } from './database.js';
import { type AgentFileReader, type AgentFiles, type ReaderContext, throttled } from './reader.js';

/** It is written many times a second while the agent works; each reading opens it: some 4 ms. */
const READ_INTERVAL_MS = 150;

/** How an agent keeps all its conversations in one SQLite database. */
export interface DatabaseFormat {
  /** Below the agent's folder. */
  file: string;
  /** That must be there. */
  tables: readonly string[];
  /** The newest conversations, a bounded number; `path` is what names one. */
  list(view: DatabaseView): FoundConversation[];
  /** The state of one; null: it says nothing. */
  read(view: DatabaseView, path: string): TranscriptEntry | null;
}

export function databaseConversations(folder: AgentFiles['folder'], format: DatabaseFormat): AgentFiles {
  return { folder, only_own_tree: true, open: context => new DatabaseConversation(context, format) };
}

class DatabaseSource implements ConversationSource {
  private watchers: DirectoryWatch | null = null;
  private seen_ms = 0;
  private last: FoundConversation[] = [];

  constructor(
    private readonly file: string,
    private readonly format: DatabaseFormat,
    private readonly uid: number,
  ) {}

  list(): FoundConversation[] {
    const changed_ms = statFile(`${this.file}-wal`)?.mtimeMs ?? 0;
    if (changed_ms === this.seen_ms) return this.last;
    const { tables } = this.format;
    const found = readDatabase(this.file, { uid: this.uid, tables }, view => this.format.list(view));
    if (found === null) return this.last;
    this.seen_ms = changed_ms;
    this.last = found;
    return found;
  }

  watch(changed: () => void): void {
    this.watchers = watchJournal(this.file, changed);
  }

  close(): void {
    this.watchers?.close();
  }
}

/** Follows the conversation of one session. */
class DatabaseConversation implements AgentFileReader, ConversationReader {
  file: string | null = null;
  private readonly database: string;
  private readonly conversations: Conversations;
  private watch: DirectoryWatch | null = null;
  private said = '';
  private readonly readSoon = throttled(READ_INTERVAL_MS, () => this.read());

  constructor(
    private readonly context: ReaderContext,
    private readonly format: DatabaseFormat,
  ) {
    const { folder, session, clock } = context;
    this.database = `${folder}/${format.file}`;
    this.conversations = conversationsAt(
      `${session.uid}/${this.database}`,
      () => new DatabaseSource(this.database, format, session.uid),
      clock,
    );
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  start(): void {
    this.conversations.add(this);
  }

  close(): void {
    this.conversations.remove(this);
    this.watch?.close();
    this.readSoon.cancel();
  }

  follow(path: string | null): void {
    this.file = path;
    this.said = '';
    this.watch?.close();
    this.watch = path === null ? null : watchJournal(this.database, () => this.readSoon());
    this.readSoon();
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    const { file } = this;
    if (file === null) return;
    const { tables } = this.format;
    const entry = readDatabase(this.database, { uid: session.uid, tables }, view =>
      this.format.read(view, file),
    );
    const says = JSON.stringify(entry);
    if (entry === null || says === this.said) return;
    this.said = says;
    emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}

/** Whoever writes to the database writes to its journal. */
function watchJournal(database: string, changed: () => void): DirectoryWatch {
  const slash = database.lastIndexOf('/');
  const name = `${database.slice(slash + 1)}-wal`;
  const watch = new DirectoryWatch(
    database.slice(0, slash),
    file => {
      if (file === name) changed();
    },
    changed,
  );
  watch.start();
  return watch;
}
