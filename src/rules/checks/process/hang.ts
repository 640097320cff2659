import { processKey } from '../../../lib/process/identity.js';
import { counted, durationText } from '../../../lib/text/amounts.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { groupBy } from '../../processes/groups.js';
import { processName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

/**
 * Uninterruptible sleep (state D) without a break: the kernel waits for a device or a server, and no signal
 * is heard, not even SIGKILL. One alert for each user and agent session: a dead server hangs many at a time.
 */
export const hang = defineRule({
  id: 'hang',
  about: 'A process in uninterruptible sleep (state D).',
  keys: {
    duration_s: lasting(30),
  },
  figures: ({ duration_s }) => ({
    fires: 'a process is in state D, and nothing of it moves',
    lasts_s: duration_s,
    ends: 'it moves, or is gone',
    clear_s: 20,
    severity: 'high',
  }),
  check(history, now_ms, { duration_s }) {
    const duration_ms = duration_s * 1000;
    const hung = history.watched.filter(
      track => track.sample.state === 'D' && now_ms - track.state_since_ms >= duration_ms,
    );
    const key = ({ sample }: (typeof hung)[number]) =>
      `${sample.uid}:${sample.session === null ? '-' : processKey(sample.session)}`;
    return groupBy(hung, key, track => -track.state_since_ms).map(({ key, tracks }) => {
      const held_ms = now_ms - tracks[0]!.state_since_ms;
      return {
        key,
        severity: 'high',
        holds: true,
        for_ms: 0,
        clear_ms: 20_000,
        subject: processesSubject(history, tracks, tracks.length === 1 ? undefined : 'hung processes'),
        title:
          tracks.length === 1
            ? `${processName(tracks[0]!)} hangs in the kernel`
            : 'Several processes hang in the kernel',
        text: `${counted(tracks.length, 'process', 'processes')} in state D, the longest for ${durationText(held_ms)} (threshold ${durationText(duration_ms)}): ${tracks.slice(0, 5).map(processName).join(', ')}.`,
        suggestion:
          'No signal reaches them, not even SIGKILL. Look at the disk or the network mount that they use, and at `journalctl -k`.',
        numbers: { processes: tracks.length, held_ms, threshold_ms: duration_ms },
      };
    });
  },
  sees_again_ms: ({ duration_s }) => duration_s * 1000,
});
