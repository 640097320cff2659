import type { FileId } from '../../lib/files/file-tree.js';
import type { Mode } from '../../model/agent.js';
import type { ReaderContext } from './reader.js';

/** Who follows a conversation, as far as settling which is whose needs it. */
export interface ConversationReader {
  readonly session: ReaderContext['session'];
  /** The pid by which it is known in its own pid namespace; default: the session's. */
  readonly pidInside?: number;
  /** What it follows at present. */
  readonly file: string | null;
  follow(path: string | null): void;
}

/** Who follows all conversations of one process. */
export interface ServingReader extends ConversationReader {
  readonly serves_many: true;
  /** Paths of those that it follows at present. */
  readonly followed: Iterable<string>;
  /** Where its process is. */
  readonly process_cwd: string | null;
}

export function servesMany(reader: ConversationReader | null): reader is ServingReader {
  return (reader as Partial<ServingReader> | null)?.serves_many === true;
}

/** What a reader follows at present. */
export function followedBy(reader: ConversationReader): readonly string[] {
  if (servesMany(reader)) return [...reader.followed];
  return reader.file === null ? [] : [reader.file];
}

/** A conversation in the agent's files, and what is known of it. */
export interface Conversation {
  /** Its file, or what else names it. */
  readonly path: string;
  readonly cwd: string;
  /** By the wall clock, as the file says. */
  readonly began_ms: number;
  /** The file itself; null: it is none of its own. */
  file: FileId | null;
  /** Where its person sat when it began, as far as it says. */
  readonly mode?: Mode;
  size: number;
  /** When it was last written. */
  written_ms: number;
  /** Since the look before this one. */
  grew: boolean;
  owner: ConversationReader | null;
  /** Whose process wrote it since the look before, or holds it open; null: that cannot be told. */
  writer: ConversationReader | null;
  /** Some session had it: then only its growth tells that another took it up. */
  was_owned: boolean;
  /** Who followed it before, and how large it was then: if it goes on growing, that was no `/new`. */
  left_by: ConversationReader | null;
  left_size: number;
}

/** A conversation's file says when its session started: so close to the process's start it is its own. */
const SAME_START_MS = 30_000;
/** So close, it is its own even where another session could have begun it with `/new`. */
const NEAR_START_MS = 5_000;
/** A file that says it began this much before its process did: clocks are read one after the other. */
const SLACK_MS = 2_000;

export interface Assignment {
  reader: ConversationReader;
  /** Null: what it followed is another's. */
  path: string | null;
}

/**
 * Which reader follows another file from now on. A file serves one session. Files name no process: the directory, the
 * start, and which conversation was left when another began tell whose it is. Claims are noted in the conversations.
 */
export function assign(
  conversations: readonly Conversation[],
  readers: readonly ConversationReader[],
  wallTime: (time_ms: number) => number,
): Assignment[] {
  const changed = new Map<ConversationReader, string | null>();
  const current = new Map<ConversationReader, Conversation>();
  for (const conversation of conversations)
    if (conversation.owner !== null) current.set(conversation.owner, conversation);
  const claim = (reader: ConversationReader, conversation: Conversation, isBeginning = false) => {
    const before = current.get(reader);
    if (before !== undefined) {
      before.owner = null;
      // One from before its start was taken for resumed, and was not.
      const wasItsOwn = isAfterStart(reader, before.began_ms) || !isBeginning;
      before.left_by = wasItsOwn ? reader : null;
      before.left_size = before.size;
    }
    conversation.owner = reader;
    conversation.was_owned = true;
    conversation.left_by = null;
    current.set(reader, conversation);
    changed.set(reader, conversation.path);
  };
  const startsOf = ({ session }: ConversationReader) => {
    // The wall clock, which dates the conversation, may have been set before the agent started, or since.
    return [session.started_ms, wallTime(session.started_ms)];
  };
  const distance = (reader: ConversationReader, { began_ms }: Conversation) =>
    Math.min(...startsOf(reader).map(start_ms => Math.abs(began_ms - start_ms)));
  const isAfterStart = (reader: ConversationReader, time_ms: number) =>
    time_ms >= wallTime(reader.session.started_ms) - SLACK_MS;

  for (const conversation of conversations) {
    const { writer, owner } = conversation;
    if (writer === null || writer === owner) continue;
    if (owner !== null) {
      current.delete(owner);
      changed.set(owner, null);
    }
    claim(writer, conversation);
  }
  giveBack(conversations, current, claim, ({ cwd, written_ms }) =>
    readers.find(
      reader => !current.has(reader) && reader.session.cwd === cwd && isAfterStart(reader, written_ms),
    ),
  );
  const byTime = [...conversations].sort((a, b) => a.began_ms - b.began_ms);
  const free = () => byTime.filter(({ owner, left_by }) => owner === null && left_by === null);
  /** It has none yet, or an older one that it was thought to have resumed. */
  const mayBegin = (reader: ConversationReader) => {
    const before = current.get(reader);
    return before === undefined || !isAfterStart(reader, before.began_ms);
  };
  for (const conversation of free()) {
    const here = readers.filter(({ session }) => session.cwd === conversation.cwd);
    const [nearest] = here
      .filter(reader => mayBegin(reader) && distance(reader, conversation) <= SAME_START_MS)
      .sort((a, b) => distance(a, conversation) - distance(b, conversation));
    const began = here.filter(reader => isAfterStart(reader, conversation.began_ms));
    const next = successor(began, current, conversation.began_ms);
    const isNear = nearest !== undefined && distance(nearest, conversation) <= NEAR_START_MS;
    // Of a session that has ended: who has none is not its heir.
    const first = conversation.was_owned ? undefined : began.find(one => !current.has(one));
    const reader = isNear ? nearest : (next ?? nearest ?? first);
    if (reader !== undefined) claim(reader, conversation, reader === nearest);
  }
  // Resumed: an older conversation is written again.
  for (const conversation of free()) {
    const here = readers.filter(
      reader => reader.session.cwd === conversation.cwd && isAfterStart(reader, conversation.written_ms),
    );
    const idle =
      conversation.grew || !conversation.was_owned ? here.find(one => !current.has(one)) : undefined;
    const next = idle ?? (conversation.grew ? successor(here, current, conversation.written_ms) : undefined);
    if (next !== undefined) claim(next, conversation);
  }
  return [...changed].map(([reader, path]) => ({ reader, path }));
}

/**
 * What was left for another conversation and goes on growing was resumed by who has none, or was not left: then whose
 * the other is, is asked again.
 */
function giveBack(
  conversations: readonly Conversation[],
  current: Map<ConversationReader, Conversation>,
  claim: (reader: ConversationReader, conversation: Conversation) => void,
  idle: (conversation: Conversation) => ConversationReader | undefined,
): void {
  for (const conversation of conversations) {
    const { left_by, left_size, size } = conversation;
    if (left_by === null || size <= left_size) continue;
    const resumed = idle(conversation);
    if (resumed !== undefined) {
      claim(resumed, conversation);
      continue;
    }
    const wrong = current.get(left_by);
    claim(left_by, conversation);
    if (wrong === undefined) continue;
    wrong.left_by = null;
    wrong.left_size = 0;
  }
}

/** Who left its conversation before that time and can have begun another then: the one that was at it last. */
function successor(
  readers: readonly ConversationReader[],
  current: ReadonlyMap<ConversationReader, Conversation>,
  time_ms: number,
): ConversationReader | undefined {
  let last: ConversationReader | undefined;
  let last_ms = Number.NEGATIVE_INFINITY;
  for (const reader of readers) {
    const before = current.get(reader);
    if (before === undefined || before.written_ms > time_ms + SLACK_MS || before.written_ms <= last_ms)
      continue;
    last = reader;
    last_ms = before.written_ms;
  }
  return last;
}
