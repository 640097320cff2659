import type { ConversationReader } from './assign.js';
import { type Conversations, conversationsOf, type OpenSource } from './conversations.js';
import type { AgentFileReader, ReaderContext } from './reader.js';

/** Reads what a conversation says of its state, for as long as it is followed. */
export interface ConversationFollower {
  /** Null: none. */
  follow(path: string | null): void;
  close(): void;
}

/** Follows the conversation of one session, in whichever of its agent's files that is. */
export class FollowedConversation implements AgentFileReader, ConversationReader {
  file: string | null = null;
  private readonly conversations: Conversations;

  /** `kind`: sources of the same kind, in the same place, are the same. */
  constructor(
    readonly context: ReaderContext,
    kind: string,
    open: OpenSource,
    private readonly follower: ConversationFollower,
  ) {
    this.conversations = conversationsOf(this, kind, open);
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
    this.follower.close();
  }

  follow(path: string | null): void {
    this.file = path;
    this.follower.follow(path);
  }
}
