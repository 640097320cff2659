import { z } from 'zod';
import { bytesText, durationText } from '../../../lib/text/amounts.js';
import { level } from '../../engine/level.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { trackKey } from '../../processes/groups.js';
import { fitLine } from '../../statistics/regression.js';
import { agentName, folder } from '../../wording/labels.js';
import { processSubject } from '../../wording/subjects.js';

const MB = 1024 * 1024;
/** A rise slower than this is none. */
const MIN_BYTES_PER_S = 0.2 * MB;
const CRITICAL_BELOW_MS = 600_000;
/** What it did lately says how it goes on. */
const TREND_MS = 120_000;

/**
 * Memory of an agent's own process, resident or swapped out, healthy at 0.3 to 0.5 GB; its tools are not counted, a build may
 * be large. Says how long the machine's memory lasts when it goes on like this.
 */
export const agentMemory = defineRule({
  id: 'agent_memory',
  about: 'Memory of an agent’s own process.',
  keys: {
    duration_s: lasting(30),
  },
  thresholds: {
    agent_memory_max_mb: z
      .int()
      .min(1)
      .max(16_777_216)
      .default(4096)
      .describe('Resident memory of an agent’s own process from which there is a warning; twice is high.'),
  },
  figures: ({ agent_memory_max_mb: limit, duration_s }) => ({
    fires: `an agent’s own process holds ≥ ${bytesText(limit * MB)} / ${bytesText(limit * 2 * MB)}`,
    lasts_s: duration_s,
    ends: `below ${bytesText(limit * 0.9 * MB)}`,
    clear_s: 60,
    severity: 'warning / high; critical when the machine’s memory lasts < 10 min',
  }),
  check(history, now_ms, { agent_memory_max_mb, duration_s }) {
    const limit = agent_memory_max_mb * MB;
    return history.watched.flatMap(track => {
      const { session } = track.sample;
      const { held_bytes } = track;
      const swapped = held_bytes > track.sample.rss_bytes;
      if (session === null || session.pid !== track.sample.pid || !session.alive) return [];
      const { severity, holds, threshold } = level(
        held_bytes,
        { warning: limit, high: limit * 2 },
        limit / 10,
      );
      if (!holds) return [];
      const line = track.memory === null ? null : fitLine(track.memory.since(now_ms - TREND_MS));
      const left_bytes = history.snapshot.host.memory?.available_bytes ?? null;
      const rises = line !== null && line.slope_per_s > MIN_BYTES_PER_S && line.r2 > 0.5;
      const exhausted_ms = rises && left_bytes !== null ? (left_bytes / line.slope_per_s) * 1000 : null;
      const soon = exhausted_ms !== null && exhausted_ms < CRITICAL_BELOW_MS;
      const where = session.cwd === null ? '' : ` in ${folder(session.cwd)}`;
      const end =
        exhausted_ms === null
          ? 'It does not grow at the moment.'
          : `It grows by ${bytesText(line!.slope_per_s * 60)} a minute: the machine’s memory lasts for ${durationText(exhausted_ms)}.`;
      return {
        key: trackKey(track),
        severity: severity !== null && soon ? ('critical' as const) : severity,
        holds,
        for_ms: duration_s * 1000,
        clear_ms: 60_000,
        subject: processSubject(history, track),
        title: `${agentName(session)}${where} holds very much memory`,
        text: `${bytesText(held_bytes)} resident${swapped ? ' or swapped out' : ''} (threshold ${bytesText(threshold)}). ${end}`,
        suggestion: 'End the session and resume it: the conversation is kept, the memory is not.',
        numbers: {
          rss_bytes: track.sample.rss_bytes,
          held_bytes,
          threshold_bytes: threshold,
          ...(exhausted_ms !== null && {
            exhausted_in_ms: exhausted_ms,
            bytes_per_minute: line!.slope_per_s * 60,
          }),
        },
      };
    });
  },
});
