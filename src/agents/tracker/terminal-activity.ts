/**
 * Terminal activity: what the pattern of writes and keys on a terminal says, without reading a single word.
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
/** The same of outputs that are looked for four times a second: what comes once a second is seen 750 ms apart, too. */
const SAMPLED_GAP_MS = 625;
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
/** Without keys to see, the welcome is over when it was silent for so long. */
const WELCOMED_SILENCE_MS = 2_000;
/** At work, an output so soon after the one before is drawing without a pause, also on a busy machine. */
const DRAWING_GAP_MS = 1_500;
/** So much work must have been seen, and so large a part of it drawn, to say that it draws all through its work. */
const DRAWN_THROUGH_MS = 8_000;
const DRAWN_PART = 0.95;
/** Who works before anything was asked of it was given its prompt on the command line, and is at it for longer. */
const UNASKED_RUN_MS = 1_000;

export interface TerminalActivity {
  /** Since when silence would have been seen; null while the terminal is not watched. */
  watched_since_ms: number | null;
  /** Whether keys are seen as well: without them typing cannot be told from work. */
  keys_seen: boolean;
  started_ms: number;
  /** Who was found running may have been asked something before. */
  seen_starting: boolean;
  first_output_ms: number | null;
  /** It has been silent for a while since its first output. */
  welcomed: boolean;
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
  /** Of the time in which it was at work: drawn without a pause, and silent. */
  drawn_ms: number;
  undrawn_ms: number;
}

export function newActivity(started_ms: number, seen_starting: boolean): TerminalActivity {
  return {
    watched_since_ms: null,
    keys_seen: false,
    started_ms,
    seen_starting,
    first_output_ms: null,
    welcomed: false,
    last_output_ms: null,
    run_start_ms: null,
    run_outputs: 0,
    busy_ms: null,
    echo_until_ms: Number.NEGATIVE_INFINITY,
    last_key_ms: null,
    last_enter_ms: null,
    enter_outputs: null,
    working: false,
    drawn_ms: 0,
    undrawn_ms: 0,
  };
}

export function applyKey(activity: TerminalActivity, time_ms: number, enter: boolean): void {
  activity.last_key_ms = time_ms;
  if (enter) activity.last_enter_ms = time_ms;
  activity.enter_outputs = enter ? 0 : null;
  answer(activity, time_ms + ECHO_MS);
}

export function applyResize(activity: TerminalActivity, time_ms: number): void {
  answer(activity, time_ms + RESIZE_ECHO_MS);
}

/** While it works, typing ahead changes nothing; else what follows is an answer and no run yet. */
function answer(activity: TerminalActivity, until_ms: number): void {
  if (activity.working) return;
  activity.echo_until_ms = Math.max(activity.echo_until_ms, until_ms);
  breakRun(activity);
}

function breakRun(activity: TerminalActivity): void {
  activity.run_start_ms = null;
  activity.run_outputs = 0;
}

/** How an output is taken. */
interface OutputOptions {
  wait_ms: number;
  /** Since when it is believed to work; null: it is not. */
  work_since_ms: number | null;
  /** It was looked for, four times a second, not told. */
  sampled: boolean;
}

export function applyOutput(
  activity: TerminalActivity,
  time_ms: number,
  { wait_ms, work_since_ms, sampled }: OutputOptions,
): void {
  settleActivity(activity, time_ms, wait_ms);
  if (work_since_ms !== null) learnDrawing(activity, time_ms, work_since_ms);
  const before_ms = activity.last_output_ms;
  activity.first_output_ms ??= time_ms;
  if (before_ms !== null && time_ms - before_ms >= WELCOMED_SILENCE_MS) activity.welcomed = true;
  activity.last_output_ms = time_ms;
  if (workFollowsEnter(activity, time_ms, before_ms)) {
    activity.busy_ms = time_ms;
    activity.working = true;
  }
  if (time_ms <= activity.echo_until_ms) return;
  const gap_ms = sampled ? SAMPLED_GAP_MS : GAP_MS;
  if (activity.run_start_ms === null || before_ms === null || time_ms - before_ms > gap_ms) {
    activity.run_start_ms = time_ms;
    activity.run_outputs = 0;
  }
  activity.run_outputs++;
  if (activity.run_outputs < RUN_OUTPUTS || time_ms - activity.run_start_ms < RUN_MS) return;
  activity.busy_ms = time_ms;
  if (activity.last_enter_ms !== null || worksUnasked(activity, time_ms)) activity.working = true;
}

/** Whether an agent draws while it works is its person's setting, and is learnt from each session anew. */
function learnDrawing(activity: TerminalActivity, time_ms: number, work_since_ms: number): void {
  const gap_ms = Math.min(silence(activity, time_ms), time_ms - work_since_ms);
  if (gap_ms <= DRAWING_GAP_MS) activity.drawn_ms += gap_ms;
  else activity.undrawn_ms += gap_ms;
}

/** It has been seen to draw all through its work. */
export function drawsThroughWork({ drawn_ms, undrawn_ms }: TerminalActivity): boolean {
  return drawn_ms >= DRAWN_THROUGH_MS && drawn_ms >= DRAWN_PART * (drawn_ms + undrawn_ms);
}

/** Whether the present run is work although Enter was never pressed. */
function worksUnasked(activity: TerminalActivity, time_ms: number): boolean {
  const { started_ms, seen_starting, first_output_ms, run_start_ms, keys_seen, welcomed } = activity;
  const lasts = time_ms - (run_start_ms ?? time_ms) >= UNASKED_RUN_MS;
  // Enter may have been pressed.
  if (!keys_seen && welcomed && lasts) return true;
  if (time_ms - started_ms < STARTUP_MS) return false;
  return !seen_starting || (lasts && time_ms - (first_output_ms ?? time_ms) >= WELCOME_MS);
}

function workFollowsEnter(activity: TerminalActivity, time_ms: number, before_ms: number | null): boolean {
  const { enter_outputs, last_enter_ms } = activity;
  if (enter_outputs === null || last_enter_ms === null || activity.working) return false;
  const isFirst = enter_outputs === 0;
  const gap_ms = time_ms - (isFirst ? last_enter_ms : (before_ms ?? last_enter_ms));
  if (gap_ms > (isFirst ? ENTER_FIRST_MS : ENTER_GAP_MS)) {
    activity.enter_outputs = null;
    return false;
  }
  activity.enter_outputs = enter_outputs + 1;
  return activity.enter_outputs >= ENTER_RUN_OUTPUTS && time_ms - last_enter_ms >= ENTER_RUN_MS;
}

/** Ends work after `wait_ms` without any. Call it before looking at `working`. */
export function settleActivity(activity: TerminalActivity, now_ms: number, wait_ms: number): void {
  if (!activity.working || idleTime(activity, now_ms) < wait_ms) return;
  activity.working = false;
  breakRun(activity);
}

/**
 * How long there has been no work to see; 0 when that cannot be known. Not the same as silence: an agent
 * that asks for attention blinks once a second, and that is neither.
 */
export function idleTime(activity: TerminalActivity, now_ms: number): number {
  if (activity.watched_since_ms === null) return 0;
  const last_ms = activity.busy_ms ?? activity.last_output_ms ?? 0;
  return Math.max(0, now_ms - Math.max(activity.watched_since_ms, last_ms));
}

/** How long the terminal has been silent; 0 when that cannot be known. */
export function silence(activity: TerminalActivity, now_ms: number): number {
  if (activity.watched_since_ms === null) return 0;
  return Math.max(0, now_ms - Math.max(activity.watched_since_ms, activity.last_output_ms ?? 0));
}

/** How long the present run has lasted although nobody touched anything; 0 for none. */
export function unpromptedRun(activity: TerminalActivity, now_ms: number): number {
  if (activity.run_start_ms === null || activity.last_output_ms === null) return 0;
  if (now_ms - activity.last_output_ms > GAP_MS) return 0;
  return activity.last_output_ms - activity.run_start_ms;
}
