import { isInit, isMultiplexer, isNotBornOf } from '../../lib/process/inits.js';
import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';
import { isManaged } from './units.js';

/** What looks like trouble and is none: learned from alarms that were wrong. */

/**
 * Somebody waits for what it does: a job of a shell prompt that still runs, or a tool of an agent that is at
 * work, as far as is known: not waiting for its user, nor run without one (`claude -p`). What was started to stay works
 * for whoever started it.
 * The session leader stands for the terminal: it is the shell that the terminal started.
 */
export function isAttended(history: History, { sample }: ProcessTrack): boolean {
  if (sample.session?.alive === true && sample.pid !== sample.session.pid) {
    const session = history.session(sample.session);
    if (session !== undefined && session.interactive !== false && isAtWork(session.state)) return true;
  }
  return sample.to_stay === true || isJobOfPrompt(history, sample);
}

/** A job of a shell prompt that still runs: whoever put it aside there can take it up again. */
export function isJobOfPrompt(history: History, { sid, pid }: ProcessTrack['sample']): boolean {
  return sid !== pid && history.process(sid)?.features.prompt === true;
}

/** Part of a build, or of a browser that somebody looks at: busy by nature. An agent's browser is for its agent's work alone. */
export function isBusyByNature(history: History, { sample, features }: ProcessTrack): boolean {
  if (features.build) return true;
  if (!features.browser) return false;
  if (sample.session === null) return true;
  const session = history.session(sample.session);
  return session?.alive === true && isAtWork(session.state);
}

function isAtWork(state: string): boolean {
  return state === 'WORKING' || state === 'UNKNOWN';
}

const MAX_DEPTH = 8;

/** Outliving whoever started it is what it is for, it was started to stay, or systemd looks after it. */
export function maySurvive(history: History, track: ProcessTrack): boolean {
  const { features, sample } = track;
  return (
    features.stays || sample.to_stay === true || isInMultiplexer(history, track) || isManaged(history, track)
  );
}

function isInMultiplexer(history: History, { sample }: ProcessTrack): boolean {
  let at = history.process(sample.ppid);
  for (let depth = 0; at !== undefined && at.sample.pid !== 1 && depth < MAX_DEPTH; depth++) {
    if (isMultiplexer(at.sample.comm)) return true;
    at = history.process(at.sample.ppid);
  }
  return false;
}

/** One of several workers that a living process of the same script started: a pool, e.g. of a web server. */
export function isPoolWorker(history: History, { sample, features }: ProcessTrack): boolean {
  const parent = history.process(sample.ppid);
  return features.script !== null && parent?.features.script === features.script;
}

/**
 * It has another parent than the one that made it, which is gone: init, the user's systemd, or whoever takes in
 * orphans (PR_SET_CHILD_SUBREAPER: containers' first processes, terminals, editors' hosts). Known where it was seen to
 * change, and where it cannot have been born: a child has its parent's session, or leads one of its own.
 */
export function isAdopted(history: History, track: ProcessTrack): boolean {
  const { sample } = track;
  if (sample.ppid === 1 || track.adopted) return true;
  const parent = history.process(sample.ppid)?.sample;
  return parent !== undefined && (isInit(parent.comm) || isNotBornOf(sample, parent));
}
