import type { Observation } from '../../src/model/observation.js';
import type { TruthEntry } from '../../test/lab/truth.js';
import { moved, type Recorded } from './recordings.js';

/** What a daemon observes on a day on which several people, or one with several terminals, let agents work. */
export interface Day {
  /** In the order of time, from 0. */
  observations: Observation[];
  truth: TruthEntry[];
  sessions: number;
}

export interface DayOptions {
  length_ms: number;
  /** So many sessions at once, each in a directory and on terminals of its own. */
  desks: number;
  /** Between two sessions of a desk. */
  pause_ms: readonly [least: number, most: number];
  seed: number;
}

/** Sessions that were recorded, one after the other at each desk, in an order that the seed decides. */
export function makeDay(recordings: readonly Recorded[], options: DayOptions): Day {
  const random = generator(options.seed);
  const numbers = new Numbers();
  const day: Day = {
    observations: [{ type: 'sensor', time_ms: 0, terminal: true, keys: true, lifecycle: true }],
    truth: [],
    sessions: 0,
  };
  const [least, most] = options.pause_ms;
  for (let desk = 0; desk < options.desks; desk++) {
    let at_ms = random() * most;
    for (;;) {
      const one = recordings[Math.floor(random() * recordings.length)]!;
      if (at_ms + one.length_ms > options.length_ms) break;
      addSession(day, one, at_ms, `desk-${desk}`, numbers);
      at_ms += one.length_ms + least + random() * (most - least);
    }
  }
  day.observations.sort((a, b) => a.time_ms - b.time_ms);
  day.truth.sort((a, b) => a.time_ms - b.time_ms);
  return day;
}

function addSession(day: Day, one: Recorded, at_ms: number, desk: string, numbers: Numbers): void {
  numbers.another();
  const living = new Set<number>();
  for (const observation of one.observations) {
    if (observation.type === 'sensor') continue;
    const there = placed(moved(observation, at_ms), desk, numbers);
    day.observations.push(there);
    if (there.type === 'process') living.add(there.process.pid);
    else if (there.type === 'fork' || there.type === 'exec') living.add(there.pid);
    else if (there.type === 'exit' || there.type === 'gone') living.delete(there.pid);
  }
  // Who is still there when the recording ends goes home.
  for (const pid of living) day.observations.push({ type: 'gone', time_ms: at_ms + one.length_ms, pid });
  for (const entry of one.truth)
    day.truth.push({ ...entry, time_ms: entry.time_ms + at_ms, pid: numbers.pid(entry.pid) });
  day.sessions += new Set(one.truth.map(({ pid }) => pid)).size;
}

/** Pids and terminals that nobody has yet: those of a recording are its own each time it is played. */
class Numbers {
  private next_pid = 10_000;
  private next_tty = 100;
  private pids = new Map<number, number>();
  private ttys = new Map<string, string>();

  another(): void {
    this.pids = new Map();
    this.ttys = new Map();
  }

  /** Init is everybody's. */
  pid(pid: number): number {
    if (pid <= 1) return pid;
    const known = this.pids.get(pid) ?? this.next_pid++;
    this.pids.set(pid, known);
    return known;
  }

  tty(tty: string): string {
    const known = this.ttys.get(tty) ?? `pts/${this.next_tty++}`;
    this.ttys.set(tty, known);
    return known;
  }
}

/** With the numbers and in the directory of this desk. */
function placed(observation: Observation, desk: string, numbers: Numbers): Observation {
  return JSON.parse(JSON.stringify(observation), (key, value: unknown) => {
    if (typeof value === 'number' && (key === 'pid' || key === 'ppid')) return numbers.pid(value);
    if (typeof value !== 'string') return value;
    if (key === 'tty') return numbers.tty(value);
    return key === 'cwd' ? `${value}/${desk}` : value;
  }) as Observation;
}

/** Mulberry32: the same seed gives the same numbers in [0, 1), everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
