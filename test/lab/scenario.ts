import type { AgentReport } from '../../src/api/client/index.js';
import type { AgentKind } from './agent-home.js';
import type { Step } from './api/script.js';
import { OTHER_KINDS } from './other-agents.js';
import type { Place } from './places.js';
import { Session, type SessionOptions } from './session.js';
import type { TruthEntry } from './truth.js';

/** What the runner lets a scenario do with vigil itself. */
export interface DaemonControl {
  restartDaemon(): Promise<void>;
  killBpftrace(): Promise<void>;
  stopDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
  agents(): Promise<readonly AgentReport[]>;
}

export interface Scenario {
  name: string;
  agents: readonly AgentKind[];
  /** Does something to vigil: runs only with a daemon, and alone. */
  needs_daemon?: boolean;
  run(stage: Stage): Promise<void>;
}

export const BOTH: readonly AgentKind[] = ['claude-code', 'codex'];
/** Those too that the lab has only while the matrix is made: played when they are asked for. */
export const ALL: readonly AgentKind[] = [...BOTH, ...OTHER_KINDS];

/** What a scenario plays on. */
export class Stage {
  readonly kind: AgentKind;
  readonly scenario: string;
  readonly hooks: boolean;
  readonly daemon: DaemonControl | undefined;
  readonly truth: TruthEntry[] = [];
  readonly sessions: Session[] = [];
  /** Delays of Claude's own Notification hook behind the truth, ms. */
  readonly notification_delays_ms: number[] = [];

  /** Other things that must hold, besides the states. */
  readonly checks: { what: string; ok: boolean }[] = [];

  readonly place: Place;

  constructor(
    kind: AgentKind,
    scenario: string,
    hooks: boolean,
    daemon?: DaemonControl,
    place: Place = 'tmux',
  ) {
    this.kind = kind;
    this.place = place;
    this.scenario = scenario;
    // The others have none: their truth is in the model's log and the keys.
    this.hooks = hooks && BOTH.includes(kind);
    this.daemon = daemon;
  }

  /** Starts an agent with this script and waits for its prompt. */
  async session(steps: Step[], more: Partial<SessionOptions> = {}): Promise<Session> {
    const session = this.add(steps, more);
    await session.start();
    return session;
  }

  /** An agent that is not started yet. */
  add(steps: Step[], more: Partial<SessionOptions> = {}): Session {
    const { kind, scenario, hooks, truth, place } = this;
    const session = new Session({ kind, scenario, hooks, truth, steps, place, ...more });
    this.sessions.push(session);
    return session;
  }

  /** Asks vigil, if there is one, what it shows of a session. */
  async check(what: string, session: Session, test: (report: AgentReport) => boolean): Promise<void> {
    if (!this.daemon) return;
    const report = (await this.daemon.agents()).find(a => a.pid === session.pid);
    this.checks.push({ what, ok: report !== undefined && test(report) });
  }

  /** Ends all sessions, those that share a multiplexer before its owner. */
  async end(): Promise<void> {
    for (const session of this.sessions.toReversed()) {
      if (session.home && this.hooks) this.#noteNotifications(session);
      await session.end();
    }
  }

  #noteNotifications(session: Session): void {
    for (const hook of session.hooks().filter(h => h.name === 'Notification')) {
      const cause = this.truth.findLast(t => t.pid === session.pid && t.time_ms <= hook.time_ms);
      if (cause?.state === 'WAITING') this.notification_delays_ms.push(hook.time_ms - cause.time_ms);
    }
  }
}
