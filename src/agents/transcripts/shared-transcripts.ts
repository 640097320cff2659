import { type FileTree, OWN_TREE, statIn } from '../../lib/files/file-tree.js';
import { assign, type Conversation, type ConversationReader } from './assign.js';
import { type ReaderContext, throttled } from './reader.js';
import { WriteEvidence } from './write-evidence.js';

const HEAD_BYTES = 16 * 1024;
/** SharedTranscripts that are kept in mind, the newest. */
export const MAX_KNOWN = 200;
/** Heads that are read at one look; the others have their turn at the next. */
const MAX_HEADS = 50;
/** Folders change, conversations are resumed without a sign where it is looked for. */
const LOOK_MS = 5_000;
const LOOK_SOON_MS = 200;

type Clock = ReaderContext['clock'];

/** What the head of a conversation's file tells. */
export interface TranscriptHead {
  cwd: string;
  /** By the wall clock. */
  began_ms: number;
}

/** Where the files of one agent's conversations are, and what they tell. Paths are relative to the root folder. */
export interface TranscriptSource {
  /** The files that may be of interest, the newest first; called at each look. */
  newest(readers: ReadonlySet<FollowingReader>): string[];
  /** `later`: what it needs may not be written yet. `never`: no conversation with a person. */
  read(
    head: string,
    path: string,
    stat: { birthtimeMs: number; size: number },
  ): TranscriptHead | 'later' | 'never';
  close(): void;
}

export interface FollowingReader extends ConversationReader {
  readonly root: string;
  readonly tree: FileTree;
}

/** What makes the files of a root folder known; `changed`: this file did, or anything. */
export type OpenTranscripts = (
  reader: FollowingReader,
  clock: Clock,
  changed: (path?: string) => void,
) => TranscriptSource;

const known = new Map<string, SharedTranscripts>();
/** Which session a file serves, by device and inode: the same folder may be reached from several containers. */
const taken = new Map<string, FollowingReader>();

/** One for each folder of conversations: its readers share what they know. */
export function transcriptsOf(
  reader: FollowingReader,
  clock: Clock,
  open: OpenTranscripts,
): SharedTranscripts {
  const key = keyOf(reader);
  const conversations =
    known.get(key) ?? new SharedTranscripts(reader, clock, open, () => void known.delete(key));
  known.set(key, conversations);
  return conversations;
}

/** In a container the same path is another folder than outside. */
function keyOf({ tree, root }: FollowingReader): string {
  if (tree === OWN_TREE) return root;
  const stat = statIn(tree, '/');
  return `${stat?.dev}:${stat?.ino}:${root}`;
}

/** This file serves that session, and no other. Null: none that is known. */
export function take(reader: FollowingReader, path: string | null): void {
  for (const [key, owner] of taken) if (owner === reader) taken.delete(key);
  const stat = path === null ? null : statIn(reader.tree, `${reader.root}/${path}`);
  if (stat !== null) taken.set(inodeKey(stat), reader);
}

function inodeKey({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}

/** The conversations below a folder, and which session each belongs to. */
export class SharedTranscripts {
  private readonly readers = new Set<FollowingReader>();
  private readonly conversations = new Map<string, Conversation>();
  /** Files that are none, or nobody's for good: not looked into again. */
  private readonly others = new Set<string>();
  /** Through whom the files are seen. */
  private place: FollowingReader;
  private files: TranscriptSource;
  private readonly evidence = new WriteEvidence();
  private timer: NodeJS.Timeout | null = null;
  private readonly lookSoon = throttled(LOOK_SOON_MS, () => this.tryLook());

  constructor(
    first: FollowingReader,
    private readonly clock: Clock,
    private readonly open: OpenTranscripts,
    private readonly unused: () => void,
  ) {
    this.place = first;
    this.files = open(first, clock, path => this.changed(path));
  }

  /** What was looked through as one session sees it is looked through as another does: that one has ended. */
  private openFor(reader: FollowingReader): void {
    this.files.close();
    this.place = reader;
    this.files = this.open(reader, this.clock, path => this.changed(path));
  }

  /** Those that are known are looked at when it is time; each tells its own reader. */
  private changed(path?: string): void {
    if (path === undefined || !this.conversations.has(path)) this.lookSoon();
  }

  /** What it follows already is its own. */
  add(reader: FollowingReader): void {
    this.readers.add(reader);
    this.timer ??= setInterval(() => this.lookSoon(), LOOK_MS).unref();
    this.lookSoon();
  }

  remove(reader: FollowingReader): void {
    if (!this.readers.delete(reader)) return;
    take(reader, null);
    for (const conversation of this.conversations.values()) {
      if (conversation.owner === reader) conversation.owner = null;
      if (conversation.left_by === reader) conversation.left_by = null;
      if (conversation.writer === reader) conversation.writer = null;
    }
    const [next] = this.readers;
    if (next !== undefined) {
      if (reader === this.place) this.openFor(next);
      return;
    }
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.lookSoon.cancel();
    this.files.close();
    this.unused();
  }

  private tryLook(): void {
    try {
      this.look();
    } catch {
      // Out of descriptors: what is known stays, the next look may see more.
    }
  }

  private look(): void {
    if (this.readers.size === 0) return;
    const { place: first } = this;
    this.evidence.begin(this.readers);
    let heads = MAX_HEADS;
    const free: Conversation[] = [];
    for (const path of this.files.newest(this.readers)) {
      const stat = statIn(first.tree, `${first.root}/${path}`);
      if (stat === null || (this.others.has(path) && !this.conversations.has(path)) || stat.size === 0)
        continue;
      const before = this.conversations.get(path);
      if (before === undefined && heads-- <= 0) continue;
      const conversation = before ?? this.takeIn(first, path, stat);
      if (conversation === null) continue;
      const grown = stat.size - (before?.size ?? 0);
      conversation.grew = before !== undefined && grown > 0;
      conversation.size = stat.size;
      conversation.written_ms = stat.mtimeMs;
      const owner = taken.get(inodeKey(stat));
      if (owner !== undefined && !this.readers.has(owner)) continue;
      conversation.owner ??= [...this.readers].find(({ file }) => file === path) ?? null;
      conversation.writer = this.evidence.writer(conversation, Math.max(0, grown), stat, this.readers);
      free.push(conversation);
    }
    this.evidence.end();
    if (heads < 0) this.lookSoon();
    this.forgetOld();
    const wallTime = (time_ms: number) => this.clock.wallTime(time_ms);
    for (const { reader, path } of assign(free, [...this.readers], wallTime)) {
      if (reader.file === path) continue;
      take(reader as FollowingReader, path);
      reader.follow(path);
    }
  }

  private takeIn(
    { tree, root, session }: FollowingReader,
    path: string,
    stat: { size: number; mtimeMs: number; birthtimeMs: number },
  ): Conversation | null {
    const head = tree.read(`${root}/${path}`, { uid: session.uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (!head.ok || head.text === '') return null;
    const read = this.files.read(head.text, path, stat);
    if (read === 'never') this.others.add(path);
    if (typeof read === 'string') return null;
    const conversation: Conversation = {
      ...{ path, size: stat.size, written_ms: stat.mtimeMs, cwd: read.cwd, began_ms: read.began_ms },
      ...{ owner: null, writer: null, was_owned: false, grew: false, left_by: null, left_size: 0 },
    };
    this.conversations.set(path, conversation);
    return conversation;
  }

  private forgetOld(): void {
    for (const [path, { owner }] of this.conversations) {
      if (this.conversations.size <= MAX_KNOWN) break;
      if (owner === null) this.conversations.delete(path);
    }
    if (this.others.size > 10 * MAX_KNOWN) this.others.clear();
  }
}
