import { Tracker } from '../../src/agents/tracker/tracker.js';
import { createRecogniser } from '../../src/agents/types/index.js';
import type { Transition } from '../../src/model/agent.js';
import type { Observation } from '../../src/model/observation.js';
import type { AgentNotificationKind } from '../../src/outputs/desktop/notify/intent.js';
import { decide, type EventMemory } from '../../src/outputs/desktop/notify/policy.js';
import type { HelperConfig } from '../../src/outputs/desktop/protocol.js';
import { helperAgent } from '../../src/outputs/helpers/helper-agent.js';
import { WorkTimer } from '../../src/outputs/helpers/work-timer.js';

/** A popup as it came up, and when. */
export interface Shown {
  time_ms: number;
  pid: number;
  kind: AgentNotificationKind | 'alert';
  summary: string;
}

export interface Played {
  transitions: Transition[];
  popups: Shown[];
}

export interface PlayOptions {
  notifications: HelperConfig['notifications'];
  /** Whether what agents say of themselves is believed. */
  self_reported: boolean;
}

const NOON = 12 * 60;
const TRACKER = { wait_threshold_ms: 1_000, stall_after_ms: 300_000, exited_keep_ms: 60_000 };

/** What vigil says and shows while this is observed, of a person who never looks. No clock: the times are the observations'. */
export function play(observations: readonly Observation[], options: PlayOptions): Played {
  const tracker = new Tracker({ ...TRACKER, self_reported: options.self_reported }, createRecogniser());
  const screen = new Screen(tracker, options.notifications);
  const transitions: Transition[] = [];
  const apply = (observation: Observation): void => {
    const changes = tracker.apply(observation);
    transitions.push(...changes);
    screen.changed(changes, observation.time_ms);
  };
  for (const observation of observations) {
    for (;;) {
      const due_ms = Math.min(tracker.nextDeadline() ?? Infinity, screen.again_ms ?? Infinity);
      if (due_ms > observation.time_ms) break;
      if (due_ms === screen.again_ms) screen.draw(due_ms);
      else apply({ type: 'clock', time_ms: due_ms });
    }
    apply(observation);
  }
  return { transitions, popups: screen.shown };
}

/** The popups of one person. */
class Screen {
  readonly shown: Shown[] = [];
  again_ms: number | null = null;
  private memory: ReadonlyMap<number, EventMemory> = new Map();
  private up = new Map<number, string>();
  private readonly work = new WorkTimer();

  constructor(
    private readonly tracker: Tracker,
    private readonly config: HelperConfig['notifications'],
  ) {}

  changed(changes: readonly Transition[], now_ms: number): void {
    for (const change of changes) this.work.take(change);
    if (changes.length > 0) this.draw(now_ms);
  }

  draw(now_ms: number): void {
    const sessions = this.tracker.sessions();
    const decision = decide(this.memory, {
      agents: sessions.map(session => helperAgent(session, this.work.worked(session.pid, now_ms))),
      isSeen: () => false,
      now_ms,
      minute_of_day: NOON,
      started_ms: -1,
      config: this.config,
    });
    this.work.forgetAllBut(new Set(sessions.map(({ pid }) => pid)));
    this.memory = decision.memory;
    // It can be asked for again at once: time goes on.
    this.again_ms = decision.again_ms === null ? null : Math.max(decision.again_ms, now_ms + 1);
    const up = new Map<number, string>();
    for (const [pid, { kind, key, summary, round }] of decision.intents) {
      const popup = `${key} ${round}`;
      up.set(pid, popup);
      if (this.up.get(pid) !== popup && round === 0) this.shown.push({ time_ms: now_ms, pid, kind, summary });
    }
    this.up = up;
  }
}
