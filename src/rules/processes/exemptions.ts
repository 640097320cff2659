import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';

/** What looks like trouble and is none: learned from alarms that were wrong. */

/**
 * Somebody waits for what it does: a job of a shell prompt that still runs, or a tool of an agent that is at
 * work, as far as is known: not waiting for its user.
 * The session leader stands for the terminal: it is the shell that the terminal started.
 */
export function isAttended(history: History, { sample }: ProcessTrack): boolean {
  if (sample.session?.alive === true && sample.pid !== sample.session.pid) {
    const state = history.session(sample.session)?.state;
    if (state === 'WORKING' || state === 'UNKNOWN') return true;
  }
  return isJobOfPrompt(history, sample);
}

/** A job of a shell prompt that still runs: whoever put it aside there can take it up again. */
export function isJobOfPrompt(history: History, { sid, pid }: ProcessTrack['sample']): boolean {
  return sid !== pid && history.process(sid)?.features.prompt === true;
}

/** Part of a build, or of a browser: busy by nature. */
export function isBusyByNature({ features }: ProcessTrack): boolean {
  return features.build || features.browser;
}

/** Terminals keep everything that runs in them in their own unit. */
const TERMINAL_UNIT =
  /term|konsole|kitty|foot|ghostty|wezterm|rio|tilix|tmux|vte-spawn|code|cursor|zed|jetbrains|ssh|getty|login|display-manager|gdm|sddm|run-u\d+/i;

/**
 * It belongs to a unit of its own, which systemd manages: a system service, or a service or an application
 * of the user. The units that carry whole login sessions, and those of terminals, are not meant.
 */
export function isManaged(history: History, { sample }: ProcessTrack): boolean {
  const { cgroup, session } = sample;
  if (cgroup === null) return false;
  // It never left the unit of its agent.
  if (session !== null && history.agentCgroup(session) === cgroup) return false;
  const leaf = cgroup.slice(cgroup.lastIndexOf('/') + 1);
  if (TERMINAL_UNIT.test(leaf) || /^(user@\d+|session-.*)\./.test(leaf)) return false;
  if (leaf.endsWith('.service')) return true;
  return leaf.endsWith('.scope') && leaf.startsWith('app-');
}

/** Outliving whoever started it is what it is for, or systemd looks after it. */
export function maySurvive(history: History, track: ProcessTrack): boolean {
  return track.features.stays || isManaged(history, track);
}

/** One of several workers that a living process of the same script started: a pool, e.g. of a web server. */
export function isPoolWorker(history: History, { sample, features }: ProcessTrack): boolean {
  const parent = history.process(sample.ppid);
  return features.script !== null && parent?.features.script === features.script;
}
