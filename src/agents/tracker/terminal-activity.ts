/**
 * Rhythm: what the pattern of writes and keys on a terminal says, without reading a single word.
 *
 * A working agent keeps drawing (a spinner every 250 ms, or text as it arrives) although nobody touches
 * anything; a waiting one is silent. What follows a key, a resize or a focus change within ECHO_MS is an
 * answer to it and says nothing.
 */

/** Output this soon after the person did something is its echo. */
const ECHO_MS = 200;
/** A redraw after a resize may come late and in several parts. */
const RESIZE_ECHO_MS = 600;
/** Two unprompted outputs further apart than this are not one run. */
const GAP_MS = 800;
/** So long must a run last, and so many outputs must it have, to count as work. */
const RUN_MS = 200;
const RUN_OUTPUTS = 2;
/**
 * After Enter the answer itself can be the beginning of work: outputs without a break, from the first one
 * on, that last longer than any redraw.
 */
const ENTER_FIRST_MS = 600;
const ENTER_GAP_MS = 400;
const ENTER_RUN_MS = 240;
const ENTER_RUN_OUTPUTS = 3;
/** A program that draws by itself right after it started shows its welcome, not work. */
const STARTUP_MS = 12_000;
/** On a busy machine it is late to begin: the welcome goes on for this long from its first output on. */
const WELCOME_MS = 6_000;
/** Who works before anything was asked of it was given its prompt on the command line, and is at it for longer. */
const UNASKED_RUN_MS = 1_000;

export interface Rhythm {
  /** Since when silence would have been seen; null while the terminal is not watched. */
  watched_since_ms: number | null;
  /** Whether keys are seen as well: without them typing cannot be told from work. */
  keys_seen: boolean;
  started_ms: number;
  /** Who was found running may have been asked something before. */
  seen_starting: boolean;
  first_output_ms: number | null;
  last_output_ms: number | null;
  /** Start, length and end of the present run of unprompted outputs. */
  run_start_ms: number | null;
  run_outputs: number;
  /** The last output that belonged to a run long enough to be work. */
  busy_ms: number | null;
  echo_until_ms: number;
  last_key_ms: number | null;
  last_enter_ms: number | null;
  /** Outputs without a break since Enter; null once there was a break or another key. */
  enter_outputs: number | null;
  working: boolean;
}

export function newRhythm(started_ms: number, seen_starting: boolean): Rhythm {
  return {
    watched_since_ms: null,
    keys_seen: false,
    started_ms,
    seen_starting,
    first_output_ms: null,
    last_output_ms: null,
    run_start_ms: null,
    run_outputs: 0,
    busy_ms: null,
    echo_until_ms: Number.NEGATIVE_INFINITY,
    last_key_ms: null,
    last_enter_ms: null,
    enter_outputs: null,
    working: false,
  };
}

export function rhythmKey(rhythm: Rhythm, time_ms: number, enter: boolean): void {
  rhythm.last_key_ms = time_ms;
  if (enter) rhythm.last_enter_ms = time_ms;
  rhythm.enter_outputs = enter ? 0 : null;
  answer(rhythm, time_ms + ECHO_MS);
}

export function rhythmResize(rhythm: Rhythm, time_ms: number): void {
  answer(rhythm, time_ms + RESIZE_ECHO_MS);
}

/** While it works, typing ahead changes nothing; else what follows is an answer and no run yet. */
function answer(rhythm: Rhythm, until_ms: number): void {
  if (rhythm.working) return;
  rhythm.echo_until_ms = Math.max(rhythm.echo_until_ms, until_ms);
  breakRun(rhythm);
}

function breakRun(rhythm: Rhythm): void {
  rhythm.run_start_ms = null;
  rhythm.run_outputs = 0;
}

export function rhythmOutput(rhythm: Rhythm, time_ms: number, wait_ms: number): void {
  settleRhythm(rhythm, time_ms, wait_ms);
  const before_ms = rhythm.last_output_ms;
  rhythm.first_output_ms ??= time_ms;
  rhythm.last_output_ms = time_ms;
  if (workFollowsEnter(rhythm, time_ms, before_ms)) {
    rhythm.busy_ms = time_ms;
    rhythm.working = true;
  }
  if (time_ms <= rhythm.echo_until_ms) return;
  if (rhythm.run_start_ms === null || before_ms === null || time_ms - before_ms > GAP_MS) {
    rhythm.run_start_ms = time_ms;
    rhythm.run_outputs = 0;
  }
  rhythm.run_outputs++;
  if (rhythm.run_outputs < RUN_OUTPUTS || time_ms - rhythm.run_start_ms < RUN_MS) return;
  rhythm.busy_ms = time_ms;
  if (rhythm.last_enter_ms !== null || worksUnasked(rhythm, time_ms)) rhythm.working = true;
}

/** Whether the present run is work although Enter was never pressed. */
function worksUnasked(rhythm: Rhythm, time_ms: number): boolean {
  const { started_ms, seen_starting, first_output_ms, run_start_ms } = rhythm;
  if (time_ms - started_ms < STARTUP_MS) return false;
  if (!seen_starting) return true;
  const welcomed = time_ms - (first_output_ms ?? time_ms) >= WELCOME_MS;
  return welcomed && time_ms - (run_start_ms ?? time_ms) >= UNASKED_RUN_MS;
}

function workFollowsEnter(rhythm: Rhythm, time_ms: number, before_ms: number | null): boolean {
  const { enter_outputs, last_enter_ms } = rhythm;
  if (enter_outputs === null || last_enter_ms === null || rhythm.working) return false;
  const isFirst = enter_outputs === 0;
  const gap_ms = time_ms - (isFirst ? last_enter_ms : (before_ms ?? last_enter_ms));
  if (gap_ms > (isFirst ? ENTER_FIRST_MS : ENTER_GAP_MS)) {
    rhythm.enter_outputs = null;
    return false;
  }
  rhythm.enter_outputs = enter_outputs + 1;
  return rhythm.enter_outputs >= ENTER_RUN_OUTPUTS && time_ms - last_enter_ms >= ENTER_RUN_MS;
}

/** Ends work after `wait_ms` without any. Call it before looking at `working`. */
export function settleRhythm(rhythm: Rhythm, now_ms: number, wait_ms: number): void {
  if (!rhythm.working || idleTime(rhythm, now_ms) < wait_ms) return;
  rhythm.working = false;
  breakRun(rhythm);
}

/**
 * How long there has been no work to see; 0 when that cannot be known. Not the same as silence: an agent
 * that asks for attention blinks once a second, and that is neither.
 */
export function idleTime(rhythm: Rhythm, now_ms: number): number {
  if (rhythm.watched_since_ms === null) return 0;
  const last_ms = rhythm.busy_ms ?? rhythm.last_output_ms ?? 0;
  return Math.max(0, now_ms - Math.max(rhythm.watched_since_ms, last_ms));
}

/** How long the terminal has been silent; 0 when that cannot be known. */
export function silence(rhythm: Rhythm, now_ms: number): number {
  if (rhythm.watched_since_ms === null) return 0;
  return Math.max(0, now_ms - Math.max(rhythm.watched_since_ms, rhythm.last_output_ms ?? 0));
}

/** How long the present run has lasted although nobody touched anything; 0 for none. */
export function unpromptedRun(rhythm: Rhythm, now_ms: number): number {
  if (rhythm.run_start_ms === null || rhythm.last_output_ms === null) return 0;
  if (now_ms - rhythm.last_output_ms > GAP_MS) return 0;
  return rhythm.last_output_ms - rhythm.run_start_ms;
}
