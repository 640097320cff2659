import { z } from 'zod';
import { percentText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { rounded } from '../../engine/figures.js';
import { level } from '../../engine/level.js';
import { levelRule } from '../../engine/level-rule.js';
import { partSubject } from '../../wording/subjects.js';

/** Less work than this says nothing of the disk: one slow request of one. */
const MIN_REQUESTS_PER_S = 0.5;

/** Requests that take long: a disk that fails, or one with far more to do than it can. */
export const ioLatency = levelRule({
  id: 'io_latency',
  about: 'A slow disk.',
  duration_s: 60,
  clear_s: 60,
  thresholds: {
    io_latency_max_ms: z
      .number()
      .min(1)
      .max(600_000)
      .default(500)
      .describe(
        'Mean time of a disk request from which the disk counts as slow; four times as much is high.',
      ),
  },
  figures: ({ io_latency_max_ms: limit }) => ({
    fires: `a request to a disk takes ≥ ${limit} / ${limit * 4} ms on average`,
    ends: `below ${rounded(limit / 2)} ms`,
    severity: 'warning / high',
  }),
  measure(history, { io_latency_max_ms: limit }) {
    return history.snapshot.host.disks.flatMap(disk => {
      const { name, latency_ms, reads_per_s, writes_per_s, busy_percent } = disk;
      if (latency_ms === null || (reads_per_s ?? 0) + (writes_per_s ?? 0) < MIN_REQUESTS_PER_S) return [];
      const busy =
        busy_percent === null ? '' : `, and it is busy for ${percentText(busy_percent)} of the time`;
      return {
        key: name,
        level: level(latency_ms, { warning: limit, high: limit * 4 }, limit / 2),
        describe: threshold_ms => ({
          subject: partSubject('disk', name),
          title: `The disk ${printable(name, 40)} is slow`,
          text: `A request takes ${Math.round(latency_ms)} ms on average (threshold ${threshold_ms} ms)${busy}.`,
          suggestion:
            'See who reads and writes with `iotop -o`; look for errors of the disk in `journalctl -k`.',
          numbers: { latency_ms, threshold_ms, busy_percent: busy_percent ?? 0 },
        }),
      };
    });
  },
});
