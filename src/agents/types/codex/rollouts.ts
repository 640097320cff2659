import { tryList } from '../../../lib/files/bounded-read.js';
import { DirectoryWatch } from '../../../lib/files/directory-watch.js';
import { safeRead } from '../../../lib/files/safe-read.js';
import { statFile } from '../../../lib/files/stat-file.js';
import { assign, type Conversation, type ConversationReader } from '../../transcripts/assign.js';
import { type ReaderContext, throttled } from '../../transcripts/reader.js';
import { isOnTerminal, readRolloutMeta } from './rollout.js';

const HEAD_BYTES = 8 * 1024;
/** Names of one day that are looked at. */
const MAX_NAMES = 5_000;
/** Conversations that are kept in mind, the newest. */
const MAX_KNOWN = 200;
/** Heads that are read at one look; the others have their turn at the next. */
const MAX_HEADS = 50;
/** Days, counted back from the newest, in which a conversation may be taken up again. */
const MAX_DAYS = 14;
/** Days change, conversations are resumed without a sign in today's folder. */
const LOOK_MS = 5_000;
const LOOK_SOON_MS = 200;

type Clock = ReaderContext['clock'];

const known = new Map<string, CodexRollouts>();

/** One for each folder of rollouts: its readers share what they know. */
export function rolloutsOf(root: string, clock: Clock): CodexRollouts {
  const rollouts = known.get(root) ?? new CodexRollouts(root, clock, () => known.delete(root));
  known.set(root, rollouts);
  return rollouts;
}

/** The conversations below `sessions/YEAR/MONTH/DAY`, and which session each belongs to. */
export class CodexRollouts {
  private readonly readers = new Set<ConversationReader>();
  private readonly conversations = new Map<string, Conversation>();
  /** Files that are none, or nobody's for good: not looked into again. */
  private readonly others = new Set<string>();
  private today: { path: string; watch: DirectoryWatch } | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly lookSoon = throttled(LOOK_SOON_MS, () => this.tryLook());

  constructor(
    private readonly root: string,
    private readonly clock: Clock,
    private readonly unused: () => void,
  ) {}

  add(reader: ConversationReader): void {
    this.readers.add(reader);
    this.timer ??= setInterval(() => this.lookSoon(), LOOK_MS).unref();
    this.lookSoon();
  }

  remove(reader: ConversationReader): void {
    this.readers.delete(reader);
    for (const conversation of this.conversations.values()) {
      if (conversation.owner === reader) conversation.owner = null;
      if (conversation.left_by === reader) conversation.left_by = null;
    }
    if (this.readers.size > 0) return;
    this.today?.watch.close();
    this.today = null;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.lookSoon.cancel();
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
    const [first] = this.readers;
    if (first === undefined) return;
    this.watchToday();
    let heads = MAX_HEADS;
    for (const path of this.newest()) {
      const conversation = this.conversations.get(path);
      const stat = statFile(path);
      if (stat === null) continue;
      if (conversation !== undefined) {
        conversation.grew = stat.size > conversation.size;
        conversation.size = stat.size;
        conversation.written_ms = stat.mtimeMs;
        continue;
      }
      if (this.others.has(path) || stat.size === 0) continue;
      if (heads-- <= 0) continue;
      this.takeIn(path, stat.size, stat.mtimeMs, first.session.uid);
    }
    if (heads < 0) this.lookSoon();
    this.forgetOld();
    const wallTime = (time_ms: number) => this.clock.wallTime(time_ms);
    for (const { reader, path } of assign([...this.conversations.values()], [...this.readers], wallTime))
      reader.follow(path);
  }

  private takeIn(path: string, size: number, written_ms: number, uid: number): void {
    const head = safeRead(path, { uid, max_bytes: HEAD_BYTES, part: 'head' });
    if (!head.ok || head.text === '') return;
    const meta = readRolloutMeta(head.text);
    if (meta === null) {
      // Its first line may not be whole yet.
      if (head.text.includes('\n') || size >= HEAD_BYTES) this.others.add(path);
    } else if (!isOnTerminal(head.text)) this.others.add(path);
    else
      this.conversations.set(path, {
        ...{ path, size, written_ms, cwd: meta.cwd, began_ms: meta.started_ms },
        ...{ owner: null, was_owned: false, grew: false, left_by: null, left_size: 0 },
      });
  }

  private forgetOld(): void {
    for (const [path, { owner }] of this.conversations) {
      if (this.conversations.size <= MAX_KNOWN) break;
      if (owner === null) this.conversations.delete(path);
    }
    if (this.others.size > 10 * MAX_KNOWN) this.others.clear();
  }

  /** Paths of the newest rollouts, these first: their names begin with the time. */
  private newest(): string[] {
    const paths: string[] = [];
    for (const day of this.days()) {
      const names = tryList(day, MAX_NAMES).filter(name => /^rollout-[\w-]{1,200}\.jsonl$/.test(name));
      paths.push(
        ...names
          .sort()
          .reverse()
          .map(name => `${day}/${name}`),
      );
      if (paths.length >= MAX_KNOWN) break;
    }
    return paths.slice(0, MAX_KNOWN);
  }

  /** Today first, whatever else there is; then the newest days. */
  private days(): string[] {
    const days = new Set(this.today === null ? [] : [this.today.path]);
    for (const year of newestFirst(this.root, /^\d{4}$/)) {
      for (const month of newestFirst(`${this.root}/${year}`, /^\d\d$/)) {
        for (const day of newestFirst(`${this.root}/${year}/${month}`, /^\d\d$/)) {
          days.add(`${this.root}/${year}/${month}/${day}`);
          if (days.size > MAX_DAYS) return [...days];
        }
      }
    }
    return [...days];
  }

  /** The directory of a new day appears with its first session. */
  private watchToday(): void {
    const path = `${this.root}/${dayPath(new Date(this.clock.wallTime(this.clock.now())))}`;
    if (this.today?.path === path) return;
    this.today?.watch.close();
    const watch = new DirectoryWatch(
      path,
      name => {
        if (!this.conversations.has(`${path}/${name}`)) this.lookSoon();
      },
      () => this.lookSoon(),
    );
    this.today = { path, watch };
    watch.start();
  }
}

function newestFirst(path: string, pattern: RegExp): string[] {
  return tryList(path, 200)
    .filter(name => pattern.test(name))
    .sort()
    .reverse();
}

/** `2026/11/20`, in local time as Codex names them. */
function dayPath(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
}
