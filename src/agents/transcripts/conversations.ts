import { assign, type Conversation, type ConversationReader } from './assign.js';
import { type ReaderContext, throttled } from './reader.js';

/** Conversations are taken up again, and begin, without a sign where one looks. */
const LOOK_MS = 3_000;
const LOOK_SOON_MS = 200;
/** Conversations that are kept in mind, the newest. */
const MAX_KNOWN = 200;

/** A conversation as its agent has laid it down. */
export interface FoundConversation
  extends Pick<Conversation, 'path' | 'cwd' | 'began_ms' | 'size' | 'written_ms'> {
  /** The process that holds it, where the agent says so; null: it does not. */
  pid: number | null;
}

/** Where an agent keeps its conversations. */
export interface ConversationSource {
  /** The newest there are. May throw: what is known stays. */
  list(): FoundConversation[];
  /** From now on calls back when there may be another. */
  watch(changed: () => void): void;
  close(): void;
}

const shares = new Map<string, Conversations>();

/** One for each place and agent: its readers share what they know, so that a conversation serves one session. */
export function conversationsAt(
  key: string,
  open: () => ConversationSource,
  clock: ReaderContext['clock'],
): Conversations {
  const share = shares.get(key) ?? new Conversations(open(), clock, () => shares.delete(key));
  shares.set(key, share);
  return share;
}

/** Which conversation belongs to which session of one user's agent. */
export class Conversations {
  private readonly readers = new Set<ConversationReader>();
  private readonly known = new Map<string, Conversation>();
  private timer: NodeJS.Timeout | null = null;
  private readonly lookSoon = throttled(LOOK_SOON_MS, () => this.tryLook());

  constructor(
    private readonly source: ConversationSource,
    private readonly clock: ReaderContext['clock'],
    private readonly unused: () => void,
  ) {}

  add(reader: ConversationReader): void {
    this.readers.add(reader);
    if (this.timer === null) {
      this.timer = setInterval(() => this.lookSoon(), LOOK_MS).unref();
      this.source.watch(() => this.lookSoon());
    }
    this.lookSoon();
  }

  remove(reader: ConversationReader): void {
    this.readers.delete(reader);
    for (const conversation of this.known.values()) {
      if (conversation.owner === reader) conversation.owner = null;
      if (conversation.left_by === reader) conversation.left_by = null;
    }
    if (this.readers.size > 0) return;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.lookSoon.cancel();
    this.source.close();
    this.unused();
  }

  private tryLook(): void {
    try {
      this.look();
    } catch {
      // Out of descriptors, or half written: what is known stays, the next look may see more.
    }
  }

  private look(): void {
    const named: [ConversationReader, FoundConversation][] = [];
    for (const found of this.source.list()) {
      if (found.pid === null) this.take(found);
      else {
        const reader = [...this.readers].find(one => this.holds(one, found));
        if (reader !== undefined) named.push([reader, found]);
      }
    }
    this.forgetOld();
    for (const [reader, { path }] of newestOfEach(named)) if (reader.file !== path) reader.follow(path);
    const wallTime = (time_ms: number) => this.clock.wallTime(time_ms);
    const free = [...this.readers].filter(reader => !named.some(([one]) => one === reader));
    for (const { reader, path } of assign([...this.known.values()], free, wallTime)) reader.follow(path);
  }

  /** What an earlier process with that pid left behind is not its own. */
  private holds(
    { session, pidInside = session.pid }: ConversationReader,
    { pid, written_ms }: FoundConversation,
  ): boolean {
    const start_ms = Math.min(session.started_ms, this.clock.wallTime(session.started_ms));
    return pidInside === pid && written_ms >= start_ms - 1_000;
  }

  private take({ path, cwd, began_ms, size, written_ms }: FoundConversation): void {
    const before = this.known.get(path);
    if (before !== undefined) {
      before.grew = size !== before.size;
      before.size = size;
      before.written_ms = written_ms;
      return;
    }
    const unowned = { owner: null, was_owned: false, grew: false, left_by: null, left_size: 0 };
    this.known.set(path, { path, cwd, began_ms, size, written_ms, ...unowned });
  }

  private forgetOld(): void {
    for (const [path, { owner }] of this.known) {
      if (this.known.size <= MAX_KNOWN) break;
      if (owner === null) this.known.delete(path);
    }
  }
}

/** A process that began several conversations is at the one that it wrote last. */
function newestOfEach(
  named: readonly [ConversationReader, FoundConversation][],
): Map<ConversationReader, FoundConversation> {
  const newest = new Map<ConversationReader, FoundConversation>();
  for (const [reader, found] of named) {
    const before = newest.get(reader);
    if (before === undefined || found.written_ms > before.written_ms) newest.set(reader, found);
  }
  return newest;
}
