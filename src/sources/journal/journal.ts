import { findProgram } from '../../lib/files/find-program.js';
import { statFile } from '../../lib/files/stat-file.js';
import { Backoff } from '../../lib/process/backoff.js';
import { fromMonotonic } from '../../lib/time/time.js';
import {
  type Collector,
  type Context,
  defineCollector,
  type NoSlice,
  NotHere,
  type Part,
} from '../host/collector.js';
import { JournalDigest } from './digest.js';
import type { Following } from './journalctl.js';

export interface JournalOptions {
  /** Where journalctl may be instead of the system's folders; the first that is there is used. */
  folders?: readonly string[];
  /** There when journald runs. */
  socket?: string;
  /** More arguments, e.g. `--directory=…`. */
  args?: readonly string[];
}

const SOCKET = '/run/systemd/journal/socket';

/** Follows the systemd journal with one journalctl that runs as long as vigil does. */
export class JournalCollector implements Collector<NoSlice> {
  private readonly digest = new JournalDigest(fromMonotonic, process.pid);
  private following: Following | null = null;
  /** From the start of a journalctl until it has ended. */
  private running: Promise<void> | null = null;
  private stopped = false;
  private problem: string | null = null;
  /** When it was last asked: the clock of the rounds. */
  private round_ms = 0;
  private readonly backoff = new Backoff(
    { first_ms: 1_000, max_ms: 60_000, well_after_ms: 60_000 },
    () => this.round_ms,
  );
  private started_ms = 0;
  private retryAt_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: JournalOptions = {}) {}

  collect({ now_ms }: Context): Part<NoSlice> {
    this.round_ms = now_ms;
    if (this.running === null && !this.stopped && now_ms >= this.retryAt_ms) this.launch(now_ms);
    if (this.following !== null && this.backoff.isWell) this.problem = null;
    const events = this.digest.drain();
    // What came before it ended is told first.
    if (this.problem !== null && this.running === null && events.length === 0) throw new Error(this.problem);
    return { events };
  }

  note(): string | null {
    const notes: string[] = [];
    const { leftOut, notUnderstood } = this.digest;
    if (leftOut > 0) notes.push(`${leftOut} messages beyond 100 of one interval were left out`);
    if (notUnderstood > 0) notes.push(`${notUnderstood} lines were not understood`);
    if (/not seeing messages/i.test(this.following?.said() ?? '')) {
      notes.push("only this user's messages: join the group systemd-journal to see all");
    }
    return notes.length === 0 ? null : notes.join('; ');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.following?.stop();
    await this.running;
  }

  private launch(now_ms: number): void {
    const { folders, socket = SOCKET, args = [] } = this.options;
    const program = findProgram('journalctl', folders === undefined ? {} : { folders });
    if (program === null || statFile(socket) === null) {
      throw new NotHere(
        'no systemd journal here',
        'failed units are not told; of out-of-memory kills the kernel programs tell',
      );
    }
    this.started_ms = now_ms;
    this.backoff.begun();
    this.running = this.follow(program, args)
      .catch(error => this.ended(String(error)))
      .finally(() => {
        this.running = null;
      });
  }

  private async follow(program: string, args: readonly string[]): Promise<void> {
    // Loaded where it is needed: the configuration's schema knows the collectors, too.
    const { follow } = await import('./journalctl.js');
    if (this.stopped) return;
    this.following = follow(program, args, line => {
      if (line === null) this.digest.leftOut++;
      else this.digest.line(line);
    });
    this.ended(await this.following.ended);
  }

  private ended(why: string): void {
    this.following = null;
    if (this.stopped) return;
    this.problem = why;
    this.retryAt_ms = this.started_ms + this.backoff.failed();
  }
}

export const journalCollector = defineCollector({
  id: 'journal',
  describe: 'The systemd journal: warnings, failed units, kills for want of memory.',
  fields: {},
  empty: {},
  create: () => new JournalCollector(),
});
