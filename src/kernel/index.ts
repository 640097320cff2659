import { type Announce, openAnnouncer } from './announce.js';
import { structPid } from './bpftrace.js';
import { KernelClock } from './clock.js';
import type { KernelEvent } from './events.js';
import type { ProgramHealth, SensorHealth, Tier } from './health.js';
import { LifecycleTranslator } from './lifecycle.js';
import type { SensorOptions } from './options.js';
import { Reorder } from './order.js';
import { loadProgram } from './program.js';
import type { Sensor, SensorListener } from './sensor.js';
import { SupervisedProgram } from './supervise.js';
import { TerminalTranslator } from './terminal.js';
import { chooseTier } from './tier.js';

export type { SensorOptions } from './options.js';

const TERMINAL_LINGER_MS = 5_000;
const TERMINAL_PROGRAM: Record<Exclude<Tier, 'procfs'>, string> = {
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
  private announce: Announce | null = null;
  private watched: ReadonlySet<number> = new Set();
  private lingerTimer: NodeJS.Timeout | null = null;
  private stopped = false;
  private readonly order: Reorder<KernelEvent>;

  constructor(
    private readonly options: SensorOptions,
    private readonly listener: SensorListener,
  ) {
    this.order = new Reorder(event => this.listener.event(event));
  }

  async start(): Promise<void> {
    try {
      await this.startPrograms();
    } catch (error) {
      this.tier = 'procfs';
      this.tierReason = `the kernel programs cannot be used: ${error instanceof Error ? error.message : error}`;
      this.options.logger.error({ err: error }, 'sensor failed to start');
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.lingerTimer) clearTimeout(this.lingerTimer);
    this.lingerTimer = null;
    await Promise.all([this.lifecycle?.stop(), this.terminal?.stop()]);
    this.order.flush();
  }

  watch(agents: ReadonlySet<number>): void {
    if (this.stopped || sameSet(agents, this.watched)) return;
    const fresh = [...agents].filter(pid => !this.watched.has(pid));
    this.watched = new Set(agents);
    this.terminalTranslator.keep(this.watched);
    if (!this.terminal) return;
    if (this.watched.size === 0) {
      this.lingerTimer ??= setTimeout(() => this.detachTerminal(), TERMINAL_LINGER_MS);
      return;
    }
    if (this.lingerTimer) clearTimeout(this.lingerTimer);
    this.lingerTimer = null;
    if (this.terminal.isAttached) for (const pid of fresh) this.announce?.(pid);
    else void this.terminal.start();
  }

  health(): SensorHealth {
    const programs: ProgramHealth[] = [];
    if (this.lifecycle) programs.push(this.lifecycle.health());
    if (this.terminal) programs.push(this.terminal.health());
    else if (this.terminalUnavailable !== null)
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
    if (event.type === 'key' || this.watched.has(event.pid)) this.order.push(event);
  });

  private async startPrograms(): Promise<void> {
    const { logger, bpfDir, bpftracePath, forceTier, daemonPid } = this.options;
    const choice = await chooseTier(bpftracePath, forceTier);
    this.tier = choice.tier;
    this.tierReason = choice.reason;
    this.version = choice.version;
    const { bpftrace } = choice;
    if (bpftrace === null || choice.tier === 'procfs' || this.stopped) return;
    const machine = { structPid: await structPid(bpftrace) };

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
        lost: count => this.listener.gap(`${count} process events were lost`),
        live: () => {},
      },
    );

    const announcer = await openAnnouncer();
    if ('announce' in announcer) {
      this.announce = announcer.announce;
      this.terminal = new SupervisedProgram(
        {
          name: 'terminal',
          bpftrace,
          text: await loadProgram(bpfDir, TERMINAL_PROGRAM[choice.tier], machine),
          parameters: [String(daemonPid)],
          missing: [],
        },
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
        },
      );
    } else {
      this.terminalUnavailable = announcer.problem;
      logger.warn({ problem: announcer.problem }, 'no terminal events');
    }
    if (this.stopped) return;
    await this.lifecycle.start();
    if (this.watched.size > 0) void this.terminal?.start();
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
  };
}
