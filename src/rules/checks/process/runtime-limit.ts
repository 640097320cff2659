import { z } from 'zod';
import { counted, durationText } from '../../../lib/text/amounts.js';
import { globMatcher } from '../../../lib/text/glob.js';
import { BY_GROUP } from '../../../model/config-key.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { defineRule } from '../../engine/rule.js';
import { groupBy, programKey } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

const limit = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .max(500)
      .describe(
        'Name of the program, exact or with `*`, or with a slash or a space a part of its command line.',
      ),
    minutes: z.number().min(0.1).max(525_600).describe('How long it may run.'),
  })
  .describe('A program that must not run for longer than its limit.');

/** Programs that the configuration gives a time, and that take more. */
export const runtimeLimit = defineRule({
  id: 'runtime_limit',
  about: 'A program that runs for longer than it may.',
  keys: {
    limits: z
      .array(limit)
      .max(256)
      .default([])
      .describe('The programs, one `[[detection.runtime_limit.limits]]` table each.')
      .meta(BY_GROUP),
  },
  figures: () => ({
    fires: 'a program runs for longer than you allow it',
    lasts_s: 0,
    ends: 'it is gone',
    clear_s: 10,
    severity: 'warning',
  }),
  check(history, now_ms, { limits }) {
    return limits.flatMap(({ command, minutes }) => {
      const limit_ms = minutes * 60_000;
      const meant = matcher(command);
      const late = history.watched.filter(
        track => now_ms - track.sample.started_ms > limit_ms && track.sample.state !== 'Z' && meant(track),
      );
      return groupBy(late, programKey, track => -track.sample.started_ms).map(({ key, tracks }) => {
        const running_ms = now_ms - tracks[0]!.sample.started_ms;
        return {
          key: `${command}:${key}`,
          severity: 'warning' as const,
          holds: true,
          for_ms: 0,
          clear_ms: 10_000,
          subject: processesSubject(history, tracks),
          title: `${programName(tracks[0]!)} runs for longer than it may`,
          text: `${counted(tracks.length, 'process', 'processes')}, the oldest for ${durationText(running_ms)} (threshold ${durationText(limit_ms)}).`,
          suggestion: 'End it, or give it more time in `[[detection.runtime_limit.limits]]`.',
          numbers: { processes: tracks.length, running_ms, limit_ms },
        };
      });
    });
  },
});

/** The name of a program, or a part of the command line where it could be no name. */
function matcher(command: string): (track: ProcessTrack) => boolean {
  if (/[/ ]/.test(command)) return ({ sample }) => sample.cmdline.includes(command);
  const named = globMatcher(command);
  return ({ sample }) => {
    const first = sample.cmdline.split(' ', 1)[0]!;
    return named(sample.comm) || named(first.slice(first.lastIndexOf('/') + 1));
  };
}
