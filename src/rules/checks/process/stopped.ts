import { processKey } from '../../../lib/process/identity.js';
import { counted, durationText } from '../../../lib/text/amounts.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { isJobOfPrompt } from '../../processes/exemptions.js';
import { groupBy, programKey, totalRss } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/**
 * Stopped by a signal (state T), not by a debugger (t), and not put aside with Ctrl-Z at a prompt that still
 * runs: that is where it can be taken up again.
 */
export const stopped = defineRule({
  id: 'stopped',
  about: 'A stopped process (state T) that nobody put aside at a terminal.',
  keys: {
    duration_s: lasting(30),
  },
  figures: ({ duration_s }) => ({
    fires: 'a process is in state T, put aside by nobody',
    lasts_s: duration_s,
    ends: 'it goes on, or is gone',
    clear_s: 10,
    severity: 'warning',
  }),
  check(history, now_ms, { duration_s }) {
    const duration_ms = duration_s * 1000;
    const inStateT = history.watched.filter(({ sample }) => sample.state === 'T');
    const suspects = inStateT.filter(
      track => now_ms - track.state_since_ms >= duration_ms && !isJobOfPrompt(history, track.sample),
    );
    const keyOf = stoppedKey(new Set(inStateT.map(({ sample }) => processKey(sample))));
    return groupBy(suspects, keyOf, track => -track.state_since_ms).map(({ key, tracks }) => {
      const held_ms = now_ms - tracks[0]!.state_since_ms;
      const rss_bytes = totalRss(tracks);
      return {
        key,
        severity: 'warning',
        holds: true,
        for_ms: 0,
        clear_ms: 10_000,
        subject: processesSubject(history, tracks),
        title: titleOf(tracks),
        text: `${counted(tracks.length, 'process', 'processes')} in state T, the longest for ${durationText(held_ms)} (threshold ${durationText(duration_ms)}). Whoever waits for it waits on.`,
        suggestion: `Let ${tracks.length === 1 ? 'it' : 'them'} go on with \`kill -CONT ${pidsOf(tracks)}\`, or end ${tracks.length === 1 ? 'it' : 'them'}.`,
        numbers: { processes: tracks.length, held_ms, threshold_ms: duration_ms, rss_bytes },
      };
    });
  },
  sees_again_ms: ({ duration_s }) => duration_s * 1000,
});

/** Whoever stops one agent stops what it runs as well, and often several: one trouble. A tool alone is another. */
function stoppedKey(stopped: ReadonlySet<string>): (track: ProcessTrack) => string {
  return track => {
    const { session, uid } = track.sample;
    const isAgents = session?.alive === true && stopped.has(processKey(session));
    return isAgents ? `${uid}:agents` : programKey(track);
  };
}

function titleOf(tracks: readonly ProcessTrack[]): string {
  const sessions = new Set(
    tracks.flatMap(({ sample: { session } }) => (session === null ? [] : [processKey(session)])),
  );
  return sessions.size > 1 ? `${sessions.size} agents are stopped` : `${programName(tracks[0]!)} is stopped`;
}

const MAX_PIDS = 20;

function pidsOf(tracks: readonly ProcessTrack[]): string {
  return tracks
    .slice(0, MAX_PIDS)
    .map(({ sample }) => sample.pid)
    .join(' ');
}
