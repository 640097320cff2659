import type { ConversationRef, Observation } from '../../model/observation.js';
import {
  type Conversations,
  conversationsOf,
  type FollowingServer,
  type FoundConversation,
  type OpenSource,
} from './conversations.js';
import { type ConversationFollower, FollowedConversation } from './followed-conversation.js';
import type { AgentFileReader, ReaderContext } from './reader.js';

/** One that rested for so long before it was seen is not what its person is at. */
const OLD_MS = 60 * 60_000;
/** Names and folders longer than these are no agent's. */
const MAX_ID = 200;
const MAX_CWD = 4_096;

interface Served {
  ref: ConversationRef;
  follower: ConversationFollower;
  told: boolean;
}

/** The conversation of a session; of a process that may hold several, all of them. `kind`: see FollowedConversation. */
export function followConversations(
  context: ReaderContext,
  kind: string,
  open: OpenSource,
  follower: (context: ReaderContext) => ConversationFollower,
): AgentFileReader {
  return context.session.mode === 'conversation'
    ? new ServedConversations(context, kind, open, follower)
    : new FollowedConversation(context, kind, open, follower(context));
}

/** Follows all conversations of one process, and says of each what its log does: from its first prompt on. */
export class ServedConversations implements AgentFileReader, FollowingServer {
  readonly serves_many = true;
  readonly file = null;
  readonly process_cwd: string | null;
  private readonly served = new Map<string, Served>();
  private readonly conversations: Conversations;

  constructor(
    readonly context: ReaderContext,
    kind: string,
    open: OpenSource,
    private readonly follower: (context: ReaderContext) => ConversationFollower,
  ) {
    this.process_cwd = context.session.cwd;
    this.conversations = conversationsOf(this, kind, open);
  }

  get session(): ReaderContext['session'] {
    return this.context.session;
  }

  get pidInside(): number {
    return this.context.inside?.pid ?? this.session.pid;
  }

  get followed(): Iterable<string> {
    return this.served.keys();
  }

  start(): void {
    this.conversations.add(this);
  }

  close(): void {
    this.conversations.remove(this);
    for (const { follower } of this.served.values()) follower.close();
    this.served.clear();
  }

  follow(): void {}

  serve(conversations: readonly FoundConversation[]): void {
    const wanted = new Map(conversations.map(one => [one.path, one]));
    for (const [path, one] of this.served) if (!wanted.has(path)) this.leave(path, one);
    for (const [path, one] of wanted) if (!this.served.has(path)) this.begin(one);
  }

  private begin({ path, id = path, cwd }: FoundConversation): void {
    const ref = { id: id.slice(0, MAX_ID), cwd: cwd === '' ? null : cwd.slice(0, MAX_CWD) };
    const context = { ...this.context, emit: (said: Observation) => this.pass(path, said) };
    const follower = this.follower(context);
    this.served.set(path, { ref, follower, told: false });
    follower.follow(path);
  }

  /** It is gone, or another's. */
  private leave(path: string, { ref, follower, told }: Served): void {
    follower.close();
    this.served.delete(path);
    const { emit, session, clock } = this.context;
    const gone = { type: 'transcript', time_ms: clock.now(), pid: session.pid, entry: null } as const;
    if (told) emit({ ...gone, conversation: ref });
  }

  private pass(path: string, observation: Observation): void {
    const served = this.served.get(path);
    // Whether it is gone for good, the list of all says.
    if (served === undefined || observation.type !== 'transcript' || observation.entry === null) return;
    const { phase, at_ms } = observation.entry;
    const { clock, emit } = this.context;
    if (!served.told && phase === 'turn_over' && at_ms < clock.wallTime(clock.now()) - OLD_MS) return;
    served.told = true;
    emit({ ...observation, conversation: served.ref });
  }
}
