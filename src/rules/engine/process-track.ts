import type { ProcessSample } from '../../model/snapshot.js';
import { type Features, featuresOf } from '../processes/features.js';
import { Climb } from '../statistics/climb.js';
import { Series } from '../statistics/series.js';
import { SustainedFor } from '../statistics/sustained-for.js';

/** What is kept about processes that are too small to leak is nothing: memory for the others. */
const MEMORY_FROM_BYTES = 32 * 1024 * 1024;
/** As much of it may fill a small limit. */
const GROWTH_FROM_BYTES = 16 * 1024 * 1024;
const FDS_FROM = 64;
const CPU_FROM_PERCENT = 10;

/** Values of a window: enough for its shape. */
const POINTS = 40;
/** Of the last values: looks come twice a second while memory runs out. */
const RECENT_SPACING_MS = 300;
/** Who was that young at first sight took all that it holds since its start. */
const YOUNG_MS = 15_000;

/** How far back the series of a process reach. */
export interface Windows {
  memory_ms: number;
  memory_long_ms: number;
  fds_ms: number;
}

/** Where no rule asks for more or less. */
export const WINDOWS: Windows = { memory_ms: 300_000, memory_long_ms: 3_600_000, fds_ms: 600_000 };

/** One process over the time that it was seen. */
export class ProcessTrack {
  /** As of its command line; before that was looked at, by its name alone. */
  features: Features;
  /** Its command line, or who may be spoken of, is another one since that was decided. */
  unclassified = true;
  /** Since when it has been in its state, as far as it was seen. */
  state_since_ms: number;
  /** No rule speaks of it. Null: not decided yet; it is not spoken of until then. */
  ignored: boolean | null = null;
  /** vigil itself, or a child of it. */
  own = false;
  /** It was seen to get its present parent in place of one that ended. */
  adopted = false;
  /** Its present rise of memory, resident or swapped out; null for a small process. */
  climb: Climb | null = null;
  /** Of anonymous memory, resident or swapped out; null for a small process. */
  memory: Series | null = null;
  memory_long: Series | null = null;
  fds: Series | null = null;
  private recent: Series | null = null;
  private cpu: SustainedFor | null = null;

  constructor(
    public sample: ProcessSample,
    readonly seen_since_ms: number,
  ) {
    this.features = featuresOf({ ...sample, cmdline: sample.comm });
    this.state_since_ms = seen_since_ms;
  }

  /** @param before_ms time of the snapshot before; null: none, or too long ago for anything to have held since */
  update(sample: ProcessSample, now_ms: number, before_ms: number | null, windows: Windows): void {
    const before = this.sample;
    // A zombie with another parent has somebody else to wait for.
    const inherited = sample.state === 'Z' && sample.ppid !== before.ppid;
    this.sample = sample;
    if (sample.ppid !== before.ppid) this.adopted = true;
    if (sample.cmdline !== before.cmdline || sample.comm !== before.comm) {
      this.unclassified = true;
    }
    if (sample.state !== before.state || before_ms === null || movedOn(before, sample) || inherited) {
      this.state_since_ms = now_ms;
    }
    if (sample.state === 'Z') {
      // Whatever it was about to do, it has ended.
      this.memory = this.memory_long = this.fds = this.cpu = this.recent = this.climb = null;
      return;
    }
    this.updateCpu(sample.cpu_percent, before_ms);
    this.updateGrowth(now_ms);
    const { fds } = sample;
    const anon_bytes = ownMemory(sample);
    if (anon_bytes !== null && (this.memory !== null || anon_bytes >= MEMORY_FROM_BYTES)) {
      this.memory = seriesFor(this.memory, windows.memory_ms);
      this.memory_long = seriesFor(this.memory_long, windows.memory_long_ms);
      this.memory.add(now_ms, anon_bytes);
      this.memory_long.add(now_ms, anon_bytes);
    }
    if (fds !== null && (this.fds !== null || fds >= FDS_FROM)) {
      this.fds = seriesFor(this.fds, windows.fds_ms);
      this.fds.add(now_ms, fds);
    }
  }

  /** Resident or swapped out, whatever it is. */
  get held_bytes(): number {
    return this.sample.rss_bytes + (this.sample.swap_bytes ?? 0);
  }

  /** What it took since then, as far as it was seen. */
  grownSince(time_ms: number): number {
    const { held_bytes, sample } = this;
    if (sample.started_ms >= time_ms) return held_bytes;
    if (this.recent === null) return 0;
    const { times_ms, values } = this.recent.since(Number.NEGATIVE_INFINITY);
    let at = 0;
    while (at + 1 < times_ms.length && times_ms[at + 1]! <= time_ms) at++;
    // Before it was large enough to be followed it was small.
    const then = times_ms[at]! <= time_ms ? values[at]! : Math.min(values[at]!, GROWTH_FROM_BYTES);
    return held_bytes - then;
  }

  /** Since when it has used at least so much CPU, without a break; null: it does not now. */
  cpuSince(least_percent: number): number | null {
    return this.cpu?.since(least_percent) ?? null;
  }

  private updateGrowth(now_ms: number): void {
    const { held_bytes, sample } = this;
    if (this.recent === null && held_bytes < GROWTH_FROM_BYTES) return;
    this.recent ??= new Series(POINTS, RECENT_SPACING_MS);
    this.recent.add(now_ms, held_bytes);
    if (this.climb === null) {
      const young =
        this.seen_since_ms - sample.started_ms < YOUNG_MS && now_ms - sample.started_ms < YOUNG_MS;
      const first_bytes = this.seen_since_ms === now_ms ? held_bytes : GROWTH_FROM_BYTES;
      this.climb = young ? new Climb(sample.started_ms, 0) : new Climb(now_ms, first_bytes);
    }
    this.climb.add(now_ms, held_bytes);
  }

  private updateCpu(percent: number | null, before_ms: number | null): void {
    if (percent === null || before_ms === null || percent < CPU_FROM_PERCENT) {
      this.cpu = null;
      return;
    }
    this.cpu ??= new SustainedFor();
    this.cpu.add(before_ms, percent);
  }
}

/** How far apart the values of a window are kept. */
export function spacingOf(window_ms: number): number {
  return window_ms / (POINTS - 4);
}

/** For a window that may have become another since. */
function seriesFor(known: Series | null, window_ms: number): Series {
  const spacing_ms = spacingOf(window_ms);
  return known?.respaced(spacing_ms) ?? new Series(POINTS, spacing_ms);
}

/** In state D again, not still: between the samples it got something done, as with a busy disk. */
function movedOn(before: ProcessSample, now: ProcessSample): boolean {
  if (now.state !== 'D') return false;
  return (
    (now.cpu_percent ?? 0) > 0 ||
    moved(before.read_bytes, now.read_bytes) ||
    moved(before.write_bytes, now.write_bytes)
  );
}

function moved(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now !== before;
}

/** Anonymous memory, also what of it was swapped out; null where it is not known. */
export function ownMemory({ anon_bytes, swap_bytes }: ProcessSample): number | null {
  return anon_bytes === null ? null : anon_bytes + (swap_bytes ?? 0);
}
