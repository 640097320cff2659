import { Rate } from '../../lib/limits/rate.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Observation } from '../../model/observation.js';
import type { FromHelper } from '../desktop/protocol.js';

type LogMessage = Extract<FromHelper, { type: 'log' }>;
type FileMessage = Extract<FromHelper, { type: 'registry' | 'transcript' }>;

/** What a helper says of its day fits into this many messages; in the long run 1.5 MB an hour at most. */
const LOGS_PER_S = 0.5;
const LOGS_AT_ONCE = 60;
const MAX_LOG_CHARS = 500;
const MAX_FIELDS = 8;
const MAX_FIELD_CHARS = 200;

/**
 * What a user's helper says for the log. It is that user's word, not ours: it stands below one key, where it cannot
 * pass for the level, the time or the number of anything else; it is cut, and there is not much of it.
 */
export class HelperLog {
  private readonly rate = new Rate(LOGS_PER_S, LOGS_AT_ONCE);
  private unsaid = 0;

  constructor(
    private readonly uid: number,
    private readonly logger: Logger,
  ) {}

  /** False: left out. */
  write({ level, message, fields }: LogMessage): boolean {
    if (!this.rate.take()) {
      this.unsaid++;
      return false;
    }
    const left_out = this.unsaid === 0 ? {} : { left_out: this.unsaid };
    this.unsaid = 0;
    const helper = { said: message.slice(0, MAX_LOG_CHARS), ...cutFields(fields) };
    // An error of a helper is none of the daemon's.
    this.logger[level === 'error' ? 'warn' : level](
      { uid: this.uid, ...left_out, helper },
      "a user's helper says something",
    );
    return true;
  }
}

function cutFields(fields: LogMessage['fields']): { fields?: LogMessage['fields'] } {
  const entries = Object.entries(fields).slice(0, MAX_FIELDS);
  if (entries.length === 0) return {};
  const cut = entries.map(([key, value]) => [
    key,
    typeof value === 'string' ? value.slice(0, MAX_FIELD_CHARS) : value,
  ]);
  return { fields: Object.fromEntries(cut) };
}

/** An agent's files change a few times a second. */
const FILES_PER_S = 40;
const FILES_AT_ONCE = 400;
/** Of so many conversations; nobody has so many, and a helper may make up any number. */
const MAX_WAITING = 1_000;

/**
 * What a helper read in the agents' files, on its way to the tracker. More than the tracker should be asked to work
 * through is not lost: the newest of each agent and kind is handed on as soon as there is room.
 */
export class FileMessages {
  private readonly rate = new Rate(FILES_PER_S, FILES_AT_ONCE);
  /** The newest of each, oldest first. */
  private readonly waiting = new Map<string, FileMessage>();
  private timer: NodeJS.Timeout | null = null;
  /** Replaced by a newer one before it was handed on. */
  private replaced = 0;

  /** `deliver` stamps it with the daemon's time, and leaves out what is about nobody any more. */
  constructor(private readonly deliver: (message: FileMessage) => void) {}

  get dropped(): number {
    return this.replaced;
  }

  take(message: FileMessage): void {
    if (this.waiting.size === 0 && this.rate.take()) {
      this.deliver(message);
      return;
    }
    const key = subjectOf(message);
    if (this.waiting.delete(key)) this.replaced++;
    this.waiting.set(key, message);
    const [oldest] = this.waiting.keys();
    if (this.waiting.size > MAX_WAITING && oldest !== undefined && this.waiting.delete(oldest))
      this.replaced++;
    this.timer ??= this.later();
  }

  /** Nothing is handed on any more: who said it is gone. */
  clear(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting.clear();
  }

  private later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.timer = null;
      for (const [key, message] of this.waiting) {
        if (!this.rate.take()) break;
        this.waiting.delete(key);
        this.deliver(message);
      }
      if (this.waiting.size > 0) this.timer = this.later();
    }, this.rate.waitFor()).unref();
  }
}

/** Of which the newest counts. */
export function subjectOf(
  message: Pick<FileMessage, 'type' | 'pid'> & { conversation?: { id: string } },
): string {
  return `${message.pid} ${message.type} ${message.conversation?.id ?? ''}`;
}

/** An observation of it, at the daemon's time. */
export function observationOf(message: FileMessage, time_ms: number): Observation {
  return { ...message, time_ms };
}
