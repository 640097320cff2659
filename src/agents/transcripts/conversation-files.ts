import { DirectoryWatch } from '../../lib/files/directory-watch.js';
import { processKey } from '../../lib/process/identity.js';
import type { TranscriptEntry } from '../../model/observation.js';
import type { ConversationReader } from './assign.js';
import { ConversationFolder, type ConversationLayout } from './conversation-folder.js';
import { type Conversations, conversationsAt } from './conversations.js';
import { type AgentFileReader, type AgentFiles, type ReaderContext, throttled } from './reader.js';
import { TRANSCRIPT_INTERVAL_MS, TranscriptTail } from './transcript-tail.js';

/** An agent that keeps each conversation in a file of its own. */
export interface ConversationFormat extends ConversationLayout {
  /** What the ends of `stateFiles` say of its state; null: nothing. */
  readTail(tail: string, ...others: string[]): TranscriptEntry | null;
  /** The files that tell the state, in one folder; default: the one that tells whose it is. */
  stateFiles?(path: string): readonly string[];
}

/** What reads the files of an agent of that kind: see AgentType. */
export function conversationFiles(folder: AgentFiles['folder'], format: ConversationFormat): AgentFiles {
  return { folder, open: context => new ConversationFiles(context, format) };
}

/** Follows the conversation of one session. */
export class ConversationFiles implements AgentFileReader, ConversationReader {
  file: string | null = null;
  private readonly conversations: Conversations;
  private watch: DirectoryWatch | null = null;
  private parts: Part[] = [];
  private readonly readSoon = throttled(TRANSCRIPT_INTERVAL_MS, () => this.read());

  constructor(
    private readonly context: ReaderContext,
    private readonly format: ConversationFormat,
  ) {
    const { folder, session, clock, tree } = context;
    // A container has the same paths as others, and a root folder that ends with the session.
    const place = tree === undefined ? '' : processKey(session);
    this.conversations = conversationsAt(
      [place, session.uid, folder, ...format.path.map(String)].join('/'),
      () => new ConversationFolder(folder, format, session.uid, tree),
      clock,
    );
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  get pidInside(): number {
    return this.context.inside?.pid ?? this.session.pid;
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
    this.watch?.close();
    this.watch = null;
    this.parts = path === null ? [] : this.partsOf(path);
    const [first] = this.parts;
    if (first === undefined) return;
    const names = new Set(this.parts.map(part => part.path.slice(part.path.lastIndexOf('/') + 1)));
    this.watch = new DirectoryWatch(
      first.path.slice(0, first.path.lastIndexOf('/')),
      changed => {
        if (names.has(changed)) this.readSoon();
      },
      () => this.readSoon(),
      this.context.tree,
    );
    this.watch.start();
    this.readSoon();
  }

  private partsOf(path: string): Part[] {
    return (this.format.stateFiles?.(path) ?? [path]).map(file => {
      const part: Part = {
        path: file,
        text: '',
        tail: new TranscriptTail(this.session.uid, keep, undefined, this.context.tree),
      };
      function keep(tail: string): null {
        part.text = tail;
        return null;
      }
      return part;
    });
  }

  private read(): void {
    const { session, emit, clock } = this.context;
    const before = this.parts.map(({ text }) => text);
    for (const { tail, path } of this.parts) tail.read(path);
    if (this.parts.every(({ text }, i) => text === before[i])) return;
    const [first = '', ...others] = this.parts.map(({ text }) => text);
    const entry = this.format.readTail(first, ...others);
    // Of several its text is needed again when another changes; a single one would only cost memory.
    if (this.parts.length === 1) for (const part of this.parts) part.text = '';
    if (entry !== null) emit({ type: 'transcript', time_ms: clock.now(), pid: session.pid, entry });
  }
}

/** A file of a conversation, and its end as it was last read. */
interface Part {
  path: string;
  text: string;
  tail: TranscriptTail;
}
