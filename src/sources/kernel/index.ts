import { setTimeout as sleep } from 'node:timers/promises';
import { readBootId } from '../../lib/os/boot-id.js';
import { nextTurn } from '../../lib/time/slices.js';
import type { KernelEvent } from '../../model/kernel-event.js';
import { readAddresses } from './addresses.js';
import { type Announce, openAnnouncer } from './announce.js';
import { kernelStructs, type RunProgram, runProgram } from './bpftrace.js';
import { BpftraceProbeCache } from './bpftrace-probe-cache.js';
import { ChildRecord } from './children.js';
import { KernelClock } from './events/clock.js';
import { LifecycleTranslator } from './events/lifecycle.js';
import { Reorder } from './events/order.js';
import { TerminalTranslator } from './events/terminal.js';
import type { ProgramHealth, SensorHealth, Tier } from './health.js';
import type { SensorOptions } from './options.js';
import { loadProgram, type Machine, TERMINAL_STRING_BYTES } from './program.js';
import { MAX_WATCHED, type Sensor, type SensorListener } from './sensor.js';
import { type ProgramSpec, SupervisedProgram } from './supervise.js';
import { chooseTier, inWords } from './tier.js';

export type { SensorOptions } from './options.js';

const KILLED_MS = 1_000;
const STOP_MS = 5_000;
const TERMINAL_LINGER_MS = 5_000;
/** Events of processes wait so long for older ones. */
const ORDER_MS = 4;
/** After a fallback the better program is tried again when the next agent comes, but not sooner than this. */
const BETTER_AGAIN_MS = 10 * 60_000;
type TerminalTier = Exclude<Tier, 'procfs'>;
const TERMINAL_PROGRAM: Record<TerminalTier, string> = {
  fentry: 'terminal-fentry',
  tracepoint: 'terminal-workqueue',
};

export function createSensor(options: SensorOptions, listener: SensorListener): Sensor {
  return new KernelSensor(options, listener);
}

class KernelSensor implements Sensor {
  private tier: Tier = 'procfs';
  private tierReason = 'not started';
  private version: string | null = null;
  private lifecycle: SupervisedProgram | null = null;
  private terminal: SupervisedProgram | null = null;
  private terminalUnavailable: string | null = null;
  private terminalSpec: ((tier: TerminalTier, missing: string[]) => ProgramSpec) | null = null;
  private children: ChildRecord | null = null;
  private fellBackAt_ms: number | null = null;
  private announce: Announce | null = null;
  private watched: ReadonlySet<number> = new Set();
  /** Beyond those that can be watched. */
  private unwatched = 0;
  private lingerTimer: NodeJS.Timeout | null = null;
  /** Aborted by `stop()`, and by who started it. */
  private readonly end = new AbortController();
  private readonly order: Reorder<KernelEvent>;
  /** Terminal events are many, and each CPU's come in one piece: no timer for them. */
  private readonly terminalOrder: Reorder<KernelEvent>;

  constructor(
    private readonly options: SensorOptions,
    private readonly listener: SensorListener,
  ) {
    const isBehind = () => this.lifecycle?.isBehind ?? false;
    this.order = new Reorder(event => this.listener.event(event), ORDER_MS, undefined, isBehind);
    this.terminalOrder = new Reorder(event => this.listener.event(event), 0);
  }

  async start(signal?: AbortSignal): Promise<void> {
    const abort = () => void this.stop();
    if (signal?.aborted) abort();
    if (this.stopped) return;
    signal?.addEventListener('abort', abort, { once: true });
    const started = this.startPrograms();
    await Promise.race([started, this.ended]);
    signal?.removeEventListener('abort', abort);
    // What was asked of bpftrace is killed, which takes a moment; one that cannot be killed is not waited for.
    if (this.stopped)
      await Promise.all([this.stop(), Promise.race([started, sleep(KILLED_MS, undefined, { ref: false })])]);
  }

  private get stopped(): boolean {
    return this.end.signal.aborted;
  }

  /** When it was told to stop. */
  private readonly ended = new Promise<void>(resolve => {
    this.end.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  private async startPrograms(): Promise<void> {
    try {
      await this.choosePrograms();
    } catch (error) {
      if (this.stopped) return;
      this.tier = 'procfs';
      this.tierReason = `the kernel programs cannot be used: ${error instanceof Error ? error.message : error}`;
      this.options.logger.error({ err: error }, 'sensor failed to start');
    }
  }

  async stop(): Promise<void> {
    this.end.abort();
    if (this.lingerTimer) clearTimeout(this.lingerTimer);
    this.lingerTimer = null;
    // One that cannot even be killed is not waited for.
    const gone = Promise.all([this.lifecycle?.stop(), this.terminal?.stop()]);
    await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })]);
    this.order.flush();
    this.terminalOrder.flush();
  }

  watch(wanted: ReadonlySet<number>): void {
    const agents = new Set([...wanted].slice(0, MAX_WATCHED));
    this.unwatched = wanted.size - agents.size;
    if (this.stopped || sameSet(agents, this.watched)) return;
    const fresh = [...agents].filter(pid => !this.watched.has(pid));
    this.watched = agents;
    this.terminalTranslator.keep(this.watched);
    if (!this.terminal) return;
    if (this.watched.size === 0) {
      this.lingerTimer ??= setTimeout(() => this.detachTerminal(), TERMINAL_LINGER_MS);
      return;
    }
    if (this.lingerTimer) clearTimeout(this.lingerTimer);
    this.lingerTimer = null;
    if (this.terminal.isAttached) for (const pid of fresh) this.announce?.(pid);
    else {
      this.tryBetterAgain();
      void this.startTerminal();
    }
  }

  /** In a turn of the event loop of its own: it stands still until the process is there, some 8 ms. */
  private async startTerminal(): Promise<void> {
    await nextTurn();
    if (!this.stopped && this.watched.size > 0) await this.terminal?.start();
  }

  health(): SensorHealth {
    const programs: ProgramHealth[] = [];
    if (this.lifecycle) programs.push(this.lifecycle.health());
    if (this.terminal) {
      const health = this.terminal.health();
      if (this.unwatched > 0)
        health.missing.push(`${this.unwatched} agents are not watched: ${MAX_WATCHED} at most`);
      programs.push(health);
    }
    if (this.terminal === null && this.terminalUnavailable !== null)
      programs.push(unavailable('terminal', this.terminalUnavailable));
    return {
      tier: this.tier,
      tier_reason: this.tierReason,
      bpftrace_version: this.version,
      programs,
    };
  }

  private readonly clock = new KernelClock();
  private readonly time_ms = (nsecs: number): number => this.clock.time_ms(nsecs);
  private readonly lifecycleTranslator = new LifecycleTranslator(this.time_ms, event =>
    this.order.push(event),
  );
  private readonly terminalTranslator = new TerminalTranslator(this.time_ms, event => {
    if (event.type === 'key' || this.watched.has(event.pid)) this.terminalOrder.push(event);
  });

  private async choosePrograms(): Promise<void> {
    const { signal } = this.end;
    const { logger, bpfDir, bpftracePath, forceTier } = this.options;
    const boot_id = readBootId();
    this.children = new ChildRecord(this.options.childrenFile, boot_id, logger);
    await this.children.endLeftovers();
    const cache = new BpftraceProbeCache(this.options.answersFile, boot_id);
    const choice = await chooseTier(bpftracePath, forceTier, { cache, signal });
    if (this.stopped) return;
    this.tier = choice.tier;
    this.tierReason = choice.reason;
    this.version = choice.version;
    const { bpftrace } = choice;
    if (bpftrace === null || choice.tier === 'procfs') return;
    const machine: Machine = {
      structs: await kernelStructs(bpftrace, cache, signal),
      version: bpftrace.version,
      addresses: readAddresses(this.options.symbolsFile),
    };

    this.lifecycle = new SupervisedProgram(
      {
        name: 'lifecycle',
        bpftrace,
        text: await loadProgram(bpfDir, 'lifecycle', machine),
        parameters: [],
        missing: [],
      },
      logger,
      this.clock,
      {
        line: line => this.lifecycleTranslator.line(line),
        map: () => {},
        attached: again => {
          if (again) this.listener.gap('the lifecycle program was attached again');
        },
        heartbeat: () => {},
        lost: count => this.listener.lost(count),
        live: live => this.listener.lifecycle(live),
        isBusy: () => this.order.isFull,
      },
      this.run,
    );

    const announcer = openAnnouncer();
    if ('announce' in announcer) {
      this.announce = announcer.announce;
      const texts = {
        fentry: choice.tier === 'fentry' ? await loadProgram(bpfDir, TERMINAL_PROGRAM.fentry, machine) : '',
        tracepoint: await loadProgram(bpfDir, TERMINAL_PROGRAM.tracepoint, machine),
      };
      this.terminalSpec = (tier, missing) => ({
        name: 'terminal',
        bpftrace,
        text: texts[tier],
        parameters: [String(this.options.daemonPid)],
        string_bytes: TERMINAL_STRING_BYTES,
        missing,
      });
      this.terminal = this.terminalProgram(this.terminalSpec(choice.tier, []));
    } else {
      this.terminalUnavailable = announcer.problem;
      logger.warn({ problem: announcer.problem }, 'no terminal events');
    }
    if (this.stopped) return;
    await this.lifecycle.start();
    if (this.watched.size > 0) void this.terminal?.start();
  }

  /** Written down, so that a later vigil can end it if we are killed and it stays. */
  private readonly run: RunProgram = (bpftrace, input, output) => {
    const program = runProgram(bpftrace, input, output);
    const { pid } = program;
    if (pid !== null) {
      this.children?.add(pid);
      void program.exited.then(() => this.children?.remove(pid));
    }
    return program;
  };

  private terminalProgram(spec: ProgramSpec): SupervisedProgram {
    const { logger } = this.options;
    return new SupervisedProgram(
      spec,
      logger,
      this.clock,
      {
        line: line => this.terminalTranslator.line(line),
        map: (name, entries) => this.terminalTranslator.map(name, entries),
        attached: () => this.terminalTranslator.restart(),
        // Each time anew: a process may have changed its group, and an announcement costs a microsecond.
        heartbeat: () => {
          for (const pid of this.watched) this.announce?.(pid);
        },
        lost: count => logger.debug({ count }, 'terminal events were lost'),
        live: live => this.listener.terminal(live),
        givesUp: problem => this.fallBack(problem),
        isBusy: () => this.terminalOrder.isFull,
      },
      this.run,
    );
  }

  /** The fentry program does not run although its probe could be attached: tracepoints do the work. */
  private fallBack(problem: string): boolean {
    if (this.stopped || this.tier !== 'fentry' || !this.terminal || !this.terminalSpec) return false;
    this.tier = 'tracepoint';
    this.tierReason = inWords(problem);
    this.fellBackAt_ms = performance.now();
    this.options.logger.warn({ problem }, 'the fentry program failed, tracepoints take its place');
    const missing = `${TERMINAL_PROGRAM.fentry} failed, so nothing is seen of what is written on virtual consoles: ${problem}`;
    this.terminal.use(this.terminalSpec('tracepoint', [missing]));
    return true;
  }

  /** The fentry program is run in place of the one that had taken its place, which is off now. */
  private tryBetterAgain(): void {
    const { terminal, terminalSpec, fellBackAt_ms } = this;
    if (!terminal || !terminalSpec || fellBackAt_ms === null) return;
    if (performance.now() - fellBackAt_ms < BETTER_AGAIN_MS || terminal.health().state !== 'off') return;
    this.fellBackAt_ms = null;
    this.tier = 'fentry';
    this.tierReason = 'tracing programs attach to the terminal functions here; tried again after a failure';
    terminal.use(terminalSpec('fentry', []));
  }

  private detachTerminal(): void {
    this.lingerTimer = null;
    if (this.watched.size > 0) return;
    void this.terminal?.stop();
  }
}

function sameSet(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  if (a.size !== b.size) return false;
  for (const value of a) if (!b.has(value)) return false;
  return true;
}

function unavailable(name: string, problem: string): ProgramHealth {
  return {
    name,
    state: 'unavailable',
    problem,
    received: 0,
    unparsed: 0,
    lost: 0,
    restarts: 0,
    pid: null,
    missing: [],
    starved: false,
  };
}
