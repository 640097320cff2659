import { type FileId, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import { assign, type Conversation, type ConversationReader } from './assign.js';
import { type ReaderContext, throttled } from './reader.js';
import { WriteEvidence } from './write-evidence.js';

/** Conversations are taken up again, and begin, without a sign where one looks. */
const LOOK_MS = 3_000;
const LOOK_SOON_MS = 200;
/** Conversations that are kept in mind, the newest. */
const MAX_KNOWN = 200;

/** A conversation as its agent has laid it down. */
export interface FoundConversation
  extends Pick<Conversation, 'path' | 'cwd' | 'began_ms' | 'file' | 'size' | 'written_ms'> {
  /** The process that holds it, where the agent says so; null: it does not. */
  pid: number | null;
}

/** Where an agent keeps its conversations. */
export interface ConversationSource {
  /** The newest there are, and those that are followed. May throw: what is known stays. */
  list(readers: ReadonlySet<ConversationReader>): FoundConversation[];
  close(): void;
}

/** Who follows a conversation, and through whom its files are seen. */
export interface FollowingReader extends ConversationReader {
  readonly context: ReaderContext;
}

/** `changed` is to be called when there may be another conversation. */
export type OpenSource = (context: ReaderContext, changed: () => void) => ConversationSource;

const shares = new Map<string, Conversations>();
/** Which session a file serves: the same folder may be reached from several containers. */
const served = new Map<string, ConversationReader>();

/** One for each place and kind of source: its readers share what they know, so that a conversation serves one session. */
export function conversationsOf(reader: FollowingReader, kind: string, open: OpenSource): Conversations {
  const key = `${placeOf(reader.context)} ${kind}`;
  const share = shares.get(key) ?? new Conversations(reader, open, () => shares.delete(key));
  shares.set(key, share);
  return share;
}

/** In a container the same path is another folder than outside. */
function placeOf({ tree = OWN_TREE, folder, session }: ReaderContext): string {
  const root = tree === OWN_TREE ? null : statIn(tree, '/');
  return `${root === null ? '' : keyOf(root)} ${session.uid} ${folder}`;
}

/** This file serves that session, and no other. Null: none that is known. */
export function serve(reader: ConversationReader, file: FileId | null): void {
  for (const [key, owner] of served) if (owner === reader) served.delete(key);
  if (file !== null) served.set(keyOf(file), reader);
}

function keyOf({ dev, ino }: FileId): string {
  return `${dev}:${ino}`;
}

/** Which conversation belongs to which session of one user's agent. */
export class Conversations {
  private readonly readers = new Set<FollowingReader>();
  private readonly known = new Map<string, Conversation>();
  /** Through whom the files are seen. */
  private place: FollowingReader;
  private source: ConversationSource;
  private readonly evidence = new WriteEvidence();
  private timer: NodeJS.Timeout | null = null;
  private readonly lookSoon = throttled(LOOK_SOON_MS, () => this.tryLook());

  constructor(
    first: FollowingReader,
    private readonly open: OpenSource,
    private readonly unused: () => void,
  ) {
    this.place = first;
    this.source = open(first.context, () => this.lookSoon());
  }

  /** What it follows already is its own. */
  add(reader: FollowingReader): void {
    this.readers.add(reader);
    this.timer ??= setInterval(() => this.lookSoon(), LOOK_MS).unref();
    this.lookSoon();
  }

  remove(reader: FollowingReader): void {
    if (!this.readers.delete(reader)) return;
    serve(reader, null);
    for (const conversation of this.known.values()) {
      if (conversation.owner === reader) conversation.owner = null;
      if (conversation.left_by === reader) conversation.left_by = null;
      if (conversation.writer === reader) conversation.writer = null;
    }
    const [next] = this.readers;
    if (next === undefined) this.close();
    else if (reader === this.place) this.lookThrough(next);
  }

  private close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.lookSoon.cancel();
    this.source.close();
    this.unused();
  }

  /** What was seen as one session sees it is seen as another does: that one has ended. */
  private lookThrough(reader: FollowingReader): void {
    this.source.close();
    this.place = reader;
    this.source = this.open(reader.context, () => this.lookSoon());
  }

  private tryLook(): void {
    try {
      this.look();
    } catch {
      // Out of descriptors, or half written: what is known stays, the next look may see more.
    }
  }

  private look(): void {
    const named = new Map<FollowingReader, FoundConversation>();
    const unnamed: Conversation[] = [];
    this.evidence.begin(this.readers);
    for (const found of this.source.list(this.readers)) {
      if (found.pid === null) unnamed.push(...this.settled(found));
      else this.name(found, named);
    }
    this.evidence.end();
    this.forgetOld();
    for (const [reader, { path, file }] of named) this.hand(reader, path, file);
    const { clock } = this.place.context;
    const free = [...this.readers].filter(reader => !named.has(reader));
    const files = new Map(unnamed.map(({ path, file }) => [path, file]));
    for (const { reader, path } of assign(unnamed, free, time_ms => clock.wallTime(time_ms)))
      this.hand(reader, path, files.get(path ?? '') ?? null);
  }

  private hand(reader: ConversationReader, path: string | null, file: FileId | null): void {
    if (reader.file === path) return;
    serve(reader, file);
    reader.follow(path);
  }

  /** A process that began several conversations is at the one that it wrote last. */
  private name(found: FoundConversation, named: Map<FollowingReader, FoundConversation>): void {
    const reader = [...this.readers].find(one => holds(one, found));
    if (reader === undefined) return;
    const before = named.get(reader);
    if (before === undefined || found.written_ms > before.written_ms) named.set(reader, found);
  }

  /** With what is known of it; none when it serves a session that is seen from elsewhere. */
  private settled({ path, cwd, began_ms, size, written_ms, file }: FoundConversation): Conversation[] {
    const before = this.known.get(path);
    const conversation: Conversation = before ?? {
      ...{ path, cwd, began_ms, size, written_ms, file },
      ...{ owner: null, writer: null, was_owned: false, grew: false, left_by: null, left_size: 0 },
    };
    this.known.set(path, conversation);
    const grown = Math.max(0, size - (before?.size ?? 0));
    conversation.grew = before !== undefined && size !== before.size;
    Object.assign(conversation, { size, written_ms, file });
    const server = file === null ? undefined : served.get(keyOf(file));
    if (server !== undefined && !this.readers.has(server as FollowingReader)) return [];
    conversation.owner ??= [...this.readers].find(reader => reader.file === path) ?? null;
    conversation.writer = file && this.evidence.writer(conversation, grown, file, this.readers);
    return [conversation];
  }

  private forgetOld(): void {
    for (const [path, { owner }] of this.known) {
      if (this.known.size <= MAX_KNOWN) break;
      if (owner === null) this.known.delete(path);
    }
  }
}

/** What an earlier process with that pid left behind is not its own. */
function holds(
  { session, pidInside = session.pid, context: { clock } }: FollowingReader,
  { pid, written_ms }: FoundConversation,
): boolean {
  const start_ms = Math.min(session.started_ms, clock.wallTime(session.started_ms));
  return pidInside === pid && written_ms >= start_ms - 1_000;
}
