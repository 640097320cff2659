import { Backoff } from '../../lib/process/backoff.js';
import { pageOut } from '../../lib/process/resident-pages.js';
import { isAtWork, SilenceMeter } from '../../lib/process/silence-meter.js';
import { onTick } from '../../lib/time/ticker.js';
import type { Bpftrace, Exit, ProgramInput, RunningProgram, RunProgram } from './bpftrace.js';
import type { KernelClock } from './events/clock.js';
import { SequenceCounter } from './events/sequence.js';
import { type Line, parseLine } from './events/stream.js';
import type { ProgramHealth } from './health.js';
import type { SensorLogger } from './options.js';

export const BACKOFF_FIRST_MS = 250;
export const BACKOFF_CEILING_MS = 30_000;
const STABLE_MS = 30_000;
/** Of `onTick`. */
const WATCH_MS = 1_000;

/** How long a program may be silent: until that is told, and, of the time in which it could have spoken, until it is ended. */
const PATIENCE = {
  /** A heartbeat comes each second. */
  running: { told_ms: 3_500, ended_ms: 15_000 },
  /** Compiling and verifying takes a second at most, but far longer on a machine that is emulated. */
  starting: { told_ms: 10_000, ended_ms: 60_000 },
};
const UNPARSED_LOG_MS = 10_000;

export interface ProgramCallbacks {
  /** False when the line is not one of this program's. */
  line(line: Line): boolean;
  map(name: string, entries: Map<string, number>): void;
  /** The first heartbeat: all probes are attached. `again`: it ran before. */
  attached(again: boolean): void;
  /** Each heartbeat, the first one included. */
  heartbeat(): void;
  lost(count: number): void;
  /** Its events arrive from now on, or may be missing from now on; called on each change. */
  live(live: boolean): void;
  /** It ended by itself before it was attached. True: `use()` has set another one, which is started at once. */
  givesUp?(problem: string): boolean;
  /** What became of earlier lines is not done with: no more for now. */
  isBusy?(): boolean;
}

export interface ProgramSpec extends ProgramInput {
  /** As health shows it: `lifecycle`, `terminal`. */
  name: string;
  bpftrace: Bpftrace;
  missing: string[];
  patience?: typeof PATIENCE;
}

/**
 * Keeps one program running: starts it, reads it, watches its heartbeat, restarts it with growing pauses.
 *
 * At most one process at any time: the next one is launched when `running` is gone. Each has a generation; only lines of
 * the present one count, and `stop()` ends it at once, however long the process takes to end.
 */
export class SupervisedProgram {
  /** Until it has ended, also when it is not wanted any more. */
  private running: RunningProgram | null = null;
  private generation = 0;
  private wanted = false;
  private state: ProgramHealth['state'] = 'off';
  private problem: string | null = null;
  private unparsed = 0;
  private restarts = 0;
  private dropped = 0;
  private droppedNow = 0;
  private readonly backoff = new Backoff({
    first_ms: BACKOFF_FIRST_MS,
    max_ms: BACKOFF_CEILING_MS,
    well_after_ms: STABLE_MS,
  });
  private startedAt_ms = 0;
  private silence: SilenceMeter | null = null;
  private starved = false;
  private hadHeartbeat = false;
  private everAttached = false;
  private unparsedLoggedAt_ms = Number.NEGATIVE_INFINITY;
  private retryTimer: NodeJS.Timeout | null = null;
  private endWatch: (() => void) | null = null;
  private readonly sequence = new SequenceCounter();
  private settleFirst: (() => void) | null = null;

  constructor(
    private spec: ProgramSpec,
    private readonly logger: SensorLogger,
    private readonly clock: KernelClock,
    private readonly callbacks: ProgramCallbacks,
    private readonly run: RunProgram,
  ) {}

  /** What is run from the next launch on. */
  use(spec: ProgramSpec): void {
    this.spec = spec;
  }

  /** Resolves when it is attached, or failed for the first time, or after `limit_ms`. */
  async start(limit_ms = 5_000): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    this.startedAt_ms = performance.now();
    const settled = new Promise<void>(resolve => {
      const timer = setTimeout(() => {
        this.problem ??= `not attached after ${limit_ms / 1000} s, and still at it`;
        resolve();
      }, limit_ms);
      this.settleFirst = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endWatch ??= onTick('kernel programs', () => this.watch());
    if (this.running === null) this.launch();
    else this.setState('starting'); // the one before has yet to end
    await settled;
  }

  /** Resolves when its process is gone. */
  async stop(): Promise<void> {
    this.wanted = false;
    this.generation++;
    this.hadHeartbeat = false;
    this.silence = null;
    this.starved = false;
    this.setState('off');
    this.problem = null;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.endWatch?.();
    this.endWatch = null;
    this.settleFirst?.();
    await this.running?.stop();
  }

  private setState(state: ProgramHealth['state']): void {
    const before = this.state;
    this.state = state;
    if ((before === 'running') !== (state === 'running')) this.callbacks.live(state === 'running');
  }

  get isAttached(): boolean {
    return this.hadHeartbeat && this.wanted;
  }

  /** It has not told all yet that it was told itself: it runs, or would if it had CPU. */
  get isBehind(): boolean {
    const pid = this.running?.pid ?? null;
    return pid !== null && isAtWork(pid);
  }

  health(): ProgramHealth {
    const missing = [...this.spec.missing];
    const dropped = this.dropped + this.droppedNow;
    if (dropped > 0)
      missing.push(`${dropped} terminal commands beyond 50 a second of one agent were left out`);
    return {
      name: this.spec.name,
      state: this.state,
      problem: this.problem,
      received: this.sequence.received,
      unparsed: this.unparsed,
      lost: this.sequence.lost,
      restarts: this.restarts,
      pid: this.running?.pid ?? null,
      missing,
      starved: this.starved,
    };
  }

  private launch(): void {
    const { bpftrace, name } = this.spec;
    const generation = ++this.generation;
    const isPresent = () => generation === this.generation;
    this.setState('starting');
    this.startedAt_ms = performance.now();
    this.hadHeartbeat = false;
    this.dropped += this.droppedNow;
    this.droppedNow = 0;
    this.sequence.restart();
    const started = this.run(bpftrace, this.spec, {
      line: line => {
        if (isPresent()) this.line(line);
      },
      isBusy: () => isPresent() && (this.callbacks.isBusy?.() ?? false),
    });
    this.running = started;
    this.starved = false;
    this.silence = started.pid === null ? null : new SilenceMeter(started.pid, WATCH_MS);
    this.logger.debug({ program: name, bpftrace_pid: started.pid }, 'kernel program started');
    void started.exited.then(exit => this.ended(exit, isPresent()));
  }

  private ended(exit: Exit, isPresent: boolean): void {
    this.running = null;
    this.starved = false;
    if (!this.wanted) return;
    if (!isPresent) {
      this.launch(); // it was stopped, and is wanted again
      return;
    }
    if (exit.refused !== null) {
      this.retry(`bpftrace cannot be started: ${exit.refused}`);
      return;
    }
    const problem = this.inWords(exit);
    if (!this.hadHeartbeat && this.callbacks.givesUp?.(problem)) this.launch();
    else this.retry(problem);
  }

  private inWords(exit: Exit): string {
    const how = exit.signal ? `was killed by ${exit.signal}` : `ended with exit code ${exit.code}`;
    const when = this.hadHeartbeat ? '' : ' before it was attached';
    return `bpftrace ${how}${when}${exit.stderr ? `: ${exit.stderr}` : ''}`;
  }

  private retry(problem: string): void {
    const again_in_ms = this.backoff.failed();
    this.hadHeartbeat = false;
    this.setState('backoff');
    this.problem = problem;
    const fields = { program: this.spec.name, problem, again_in_ms };
    this.logger.warn(fields, 'kernel program is down, starting it again');
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.restarts++;
      this.launch();
    }, again_in_ms);
    this.settleFirst?.();
  }

  private line(text: string | null): void {
    const item = text === null ? ({ type: 'unparsed' } as const) : parseLine(text);
    switch (item.type) {
      case 'event': {
        this.clock.sample(item.line.nsecs);
        const missing = this.sequence.line(item.line.cpu, item.line.seq);
        if (missing > 0) this.callbacks.lost(missing);
        if (!this.callbacks.line(item.line)) this.countUnparsed(text);
        break;
      }
      case 'heartbeat':
        this.clock.sample(item.nsecs);
        this.droppedNow = item.dropped;
        this.heartbeat();
        break;
      case 'counts': {
        const missing = this.sequence.heartbeat(item.counts, performance.now());
        if (missing > 0) this.callbacks.lost(missing);
        break;
      }
      case 'map':
        this.callbacks.map(item.name, item.entries);
        break;
      case 'unparsed':
        this.countUnparsed(text);
        break;
      case 'ignored':
        break;
    }
  }

  private heartbeat(): void {
    this.silence?.heard();
    this.starved = false;
    this.setState('running');
    this.problem = null;
    const first = !this.hadHeartbeat;
    this.hadHeartbeat = true;
    if (first) {
      this.backoff.begun();
      // It was a compiler until now, and is a loop from here on.
      if (this.running?.pid != null) void pageOut(this.running.pid);
      const again = this.everAttached;
      this.everAttached = true;
      const fields = {
        program: this.spec.name,
        after_ms: Math.round(performance.now() - this.startedAt_ms),
      };
      this.logger.info(fields, 'kernel program attached');
      this.callbacks.attached(again);
      this.settleFirst?.();
    }
    this.callbacks.heartbeat();
  }

  private watch(): void {
    const { running, silence } = this;
    if (!running || !silence) return;
    const { silent_ms, hung_ms } = silence.check();
    const { told_ms, ended_ms } = (this.spec.patience ?? PATIENCE)[
      this.hadHeartbeat ? 'running' : 'starting'
    ];
    if (silent_ms < told_ms) return;
    this.starved = hung_ms < silent_ms / 2;
    const what = this.hadHeartbeat ? 'no heartbeat for' : 'not attached after';
    const why = this.starved ? ': it gets no CPU, and goes on when it does' : '';
    this.problem = `${what} ${(silent_ms / 1000).toFixed(1)} s${why}`;
    if (this.state !== 'silent') {
      this.setState('silent');
      this.logger.warn({ program: this.spec.name, problem: this.problem }, 'kernel program is silent');
      this.settleFirst?.();
    }
    if (hung_ms >= ended_ms) {
      this.logger.warn(
        { program: this.spec.name, bpftrace_pid: running.pid },
        'stopping the silent kernel program',
      );
      void running.stop();
    }
  }

  private countUnparsed(text: string | null): void {
    this.unparsed++;
    const now = performance.now();
    if (now - this.unparsedLoggedAt_ms < UNPARSED_LOG_MS) return;
    this.unparsedLoggedAt_ms = now;
    const fields = {
      program: this.spec.name,
      line: text?.slice(0, 200) ?? '(too long)',
      unparsed: this.unparsed,
    };
    this.logger.warn(fields, 'line of a kernel program not understood');
  }
}
