import { type FileId, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import {
  assign,
  type Conversation,
  type ConversationReader,
  followedBy,
  type ServingReader,
  servesMany,
} from './assign.js';
import { assignServed } from './assign-served.js';
import { type ReaderContext, throttled } from './reader.js';
import { WriteEvidence } from './write-evidence.js';

/** Conversations are taken up again, and begin, without a sign where one looks. */
const LOOK_MS = 3_000;
const LOOK_SOON_MS = 200;
/** Conversations that are kept in mind, the newest. */
const MAX_KNOWN = 200;

/** A conversation as its agent has laid it down. */
export interface FoundConversation
  extends Pick<Conversation, 'path' | 'cwd' | 'began_ms' | 'file' | 'size' | 'written_ms' | 'mode'> {
  /** The process that holds it, where the agent says so; null: it does not. */
  pid: number | null;
  /** By which its agent names it; default: its path. */
  id?: string;
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

/** Who follows all conversations of a process. */
export interface FollowingServer extends FollowingReader, ServingReader {
  /** From now on it follows these, and no others. */
  serve(conversations: readonly FoundConversation[]): void;
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

/** These files serve that session, and no other; null: none that is known. */
export function serve(reader: ConversationReader, ...files: readonly (FileId | null)[]): void {
  for (const [key, owner] of served) if (owner === reader) served.delete(key);
  for (const file of files) if (file !== null) served.set(keyOf(file), reader);
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
    const servers = new Map<ServingReader, FoundConversation[]>();
    for (const reader of this.readers) if (servesMany(reader)) servers.set(reader, []);
    const unnamed: Conversation[] = [];
    this.evidence.begin(this.readers);
    const all = this.source.list(this.readers);
    for (const found of all) {
      if (found.pid === null) unnamed.push(...this.settled(found));
      else this.name(found, named, servers);
    }
    const { clock } = this.place.context;
    const wallTime = (time_ms: number) => clock.wallTime(time_ms);
    const free = [...this.readers].filter(reader => !named.has(reader) && !servesMany(reader));
    const files = new Map(unnamed.map(({ path, file }) => [path, file]));
    for (const [reader, { path, file }] of named) this.assign(reader, path, file);
    for (const { reader, path } of assign(
      unnamed.filter(one => !isServed(one, servers.size)),
      free,
      wallTime,
    ))
      this.assign(reader, path, files.get(path ?? '') ?? null);
    assignServed(unnamed, [...servers.keys()], wallTime, server => this.evidence.wrote(server));
    this.evidence.end();
    this.forgetOld();
    for (const { path, owner } of unnamed)
      if (servesMany(owner)) servers.get(owner)?.push(...all.filter(found => found.path === path));
    for (const [server, conversations] of servers) this.assignAll(server as FollowingServer, conversations);
  }

  private assignAll(server: FollowingServer, conversations: readonly FoundConversation[]): void {
    serve(server, ...conversations.map(({ file }) => file));
    server.serve(conversations);
  }

  private assign(reader: ConversationReader, path: string | null, file: FileId | null): void {
    if (reader.file === path) return;
    serve(reader, file);
    reader.follow(path);
  }

  /** A process that began several conversations is at the one that it wrote last. */
  private name(
    found: FoundConversation,
    named: Map<FollowingReader, FoundConversation>,
    servers: ReadonlyMap<ServingReader, FoundConversation[]>,
  ): void {
    const reader = [...this.readers].find(one => holds(one, found));
    if (reader === undefined) return;
    if (servesMany(reader)) {
      servers.get(reader)?.push(found);
      return;
    }
    const before = named.get(reader);
    if (before === undefined || found.written_ms > before.written_ms) named.set(reader, found);
  }

  /** With what is known of it; none when it serves a session that is seen from elsewhere. */
  private settled({ path, cwd, began_ms, size, written_ms, file, mode }: FoundConversation): Conversation[] {
    const before = this.known.get(path);
    const conversation: Conversation = before ?? {
      ...{ path, cwd, began_ms, size, written_ms, file, ...(mode && { mode }) },
      ...{ owner: null, writer: null, was_owned: false, grew: false, left_by: null, left_size: 0 },
    };
    this.known.set(path, conversation);
    const grown = Math.max(0, size - (before?.size ?? 0));
    conversation.grew = before !== undefined && size !== before.size;
    Object.assign(conversation, { size, written_ms, file });
    const server = file === null ? undefined : served.get(keyOf(file));
    if (server !== undefined && !this.readers.has(server as FollowingReader)) return [];
    conversation.owner ??= [...this.readers].find(reader => followedBy(reader).includes(path)) ?? null;
    conversation.writer = this.evidence.writer(conversation, grown, file, this.readers);
    return [conversation];
  }

  private forgetOld(): void {
    for (const [path, { owner }] of this.known) {
      if (this.known.size <= MAX_KNOWN) break;
      if (owner === null) this.known.delete(path);
    }
  }
}

/** It is none for who sits at a terminal: a server has it, or it began in another program, and no terminal wrote it since. */
function isServed({ owner, writer, mode }: Conversation, servers: number): boolean {
  if (writer !== null && !servesMany(writer)) return false;
  return servesMany(owner) || servesMany(writer) || (servers > 0 && mode === 'conversation');
}

/** What an earlier process with that pid left behind is not its own. */
function holds(
  { session, pidInside = session.pid, context: { clock } }: FollowingReader,
  { pid, written_ms }: FoundConversation,
): boolean {
  const start_ms = Math.min(session.started_ms, clock.wallTime(session.started_ms));
  return pidInside === pid && written_ms >= start_ms - 1_000;
}
