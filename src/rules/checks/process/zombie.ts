import { z } from 'zod';
import { counted, durationText } from '../../../lib/text/amounts.js';
import { defineRule } from '../../engine/rule.js';
import { groupBy } from '../../processes/groups.js';
import { processName, programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/** More than this of one parent are on their way to the limit of processes. */
const MANY = 100;

/** Ended, and nobody asked how. The parent is at fault: one alert for each that does not reap its children. */
export const zombie = defineRule({
  id: 'zombie',
  about: 'Zombies, with the parent that does not reap them.',
  thresholds: {
    zombie_timeout_s: z
      .int()
      .min(1)
      .max(604_800)
      .default(300)
      .describe('A zombie that nobody reaped for so long is reported.'),
  },
  figures: ({ zombie_timeout_s }) => ({
    fires: 'a process is in state Z',
    lasts_s: zombie_timeout_s,
    ends: 'it is reaped',
    clear_s: 10,
    severity: 'warning; high from 100 of one parent on',
  }),
  check(history, now_ms, { zombie_timeout_s }) {
    const timeout_ms = zombie_timeout_s * 1000;
    const zombies = history.watched.filter(
      ({ sample, state_since_ms }) =>
        sample.state === 'Z' &&
        now_ms - state_since_ms >= timeout_ms &&
        // Its parent has ended too: init reaps it any moment. (0: a parent outside of the container.)
        (sample.ppid === 0 || history.process(sample.ppid) !== undefined),
    );
    const byParent = groupBy(
      zombies,
      ({ sample }) => `${sample.ppid}:${history.process(sample.ppid)?.sample.start_ticks ?? 0}`,
      track => -track.state_since_ms,
    );
    return byParent.map(({ key, tracks }) => {
      const first = tracks[0]!;
      const parent = history.process(first.sample.ppid);
      const name = parent === undefined ? `pid ${first.sample.ppid}` : processName(parent);
      const held_ms = now_ms - first.state_since_ms;
      return {
        key,
        severity: tracks.length >= MANY ? 'high' : 'warning',
        holds: true,
        for_ms: 0,
        clear_ms: 10_000,
        exact_key: true,
        subject: processesSubject(history, tracks, `zombies of ${name}`),
        title: `${name} does not reap its children`,
        text: `${counted(tracks.length, 'zombie')} (${programName(first)}), the oldest for ${durationText(held_ms)} (threshold ${durationText(timeout_ms)}). They hold no memory, but each a place in the table of processes.`,
        suggestion: `Zombies cannot be ended; restart their parent ${name}.`,
        numbers: { zombies: tracks.length, held_ms, threshold_ms: timeout_ms, parent_pid: first.sample.ppid },
      };
    });
  },
  sees_again_ms: ({ zombie_timeout_s }) => zombie_timeout_s * 1000,
});
