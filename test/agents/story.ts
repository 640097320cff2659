import { Tracker, type TrackerOptions } from '../../src/agents/tracker/tracker.js';
import { createRecogniser } from '../../src/agents/types/index.js';
import type { Transition } from '../../src/model/agent.js';
import type {
  Observation,
  ProcessFacts,
  RegistryEntry,
  TranscriptEntry,
} from '../../src/model/observation.js';
import { facts } from './facts.js';

const T0 = 1_800_000_000_000;

const CLAUDE = { exe: '/usr/bin/claude', argv: ['claude'], comm: 'claude' };

/** Tells a tracker what happened, in seconds from the start, and remembers what it said. */
export class Story {
  readonly tracker: Tracker;
  readonly said: Transition[] = [];

  constructor(options: Partial<TrackerOptions> = {}) {
    const defaults = {
      wait_threshold_ms: 1000,
      stall_after_ms: 300_000,
      exited_keep_ms: 60_000,
      self_reported: true,
    };
    const userTypes = [{ name: 'liner', commands: ['liner'], paths: [] }];
    this.tracker = new Tracker({ ...defaults, ...options }, createRecogniser(userTypes));
    this.at(0, { type: 'sensor', terminal: true, keys: true, lifecycle: true });
  }

  at(s: number, event: Omit<Observation, 'time_ms'> | Record<string, unknown>): this {
    this.said.push(...this.tracker.apply({ ...event, time_ms: T0 + s * 1000 } as Observation));
    return this;
  }

  process(s: number, some: Partial<ProcessFacts> = {}, how: 'exec' | 'scan' = 'exec'): this {
    return this.at(s, { type: 'process', how, process: facts({ started_ms: T0 + s * 1000, ...some }) });
  }

  claude(s: number, some: Partial<ProcessFacts> = {}): this {
    return this.process(s, { ...CLAUDE, ...some });
  }

  registry(s: number, entry: Partial<RegistryEntry> | null, pid = 100): this {
    const whole = {
      status: null,
      waiting_for: null,
      start_ticks: 5000,
      session_id: 'abc',
      cwd: null,
      updated_ms: null,
    };
    return this.at(s, { type: 'registry', pid, entry: entry === null ? null : { ...whole, ...entry } });
  }

  transcript(
    s: number,
    phase: TranscriptEntry['phase'],
    detail: string | null = null,
    some: Partial<TranscriptEntry> = {},
  ): this {
    return this.at(s, {
      type: 'transcript',
      pid: 100,
      entry: { phase, detail, session_id: null, at_ms: T0 + s * 1000, ...some },
    });
  }

  key(s: number, enter = false): this {
    return this.at(s, { type: 'key', tty: 'pts/3', bytes: 1, enter, escape: false });
  }

  output(s: number, bytes = 80, pid = 100): this {
    return this.at(s, { type: 'output', pid, tty: 'pts/3', writes: 1, bytes });
  }

  /** A spinner: an output every 250 ms. */
  spins(from: number, to: number): this {
    for (let s = from; s <= to + 1e-9; s += 0.25) this.output(s);
    return this;
  }

  osc(s: number, text: string, pid = 100): this {
    return this.at(s, { type: 'osc', pid, tty: 'pts/3', text });
  }

  exit(s: number, pid = 100, some: Record<string, unknown> = {}): this {
    return this.at(s, { type: 'exit', pid, code: 0, signal: null, sender: null, ...some });
  }

  until(s: number): this {
    return this.at(s, { type: 'clock' });
  }

  /** `WORKING thinking @1.60`, one each. */
  get states(): string[] {
    return this.said.map(t => `${t.to} ${t.reason} @${((t.time_ms - T0) / 1000).toFixed(2)}`);
  }

  get session() {
    return this.tracker.sessions()[0]!;
  }
}
