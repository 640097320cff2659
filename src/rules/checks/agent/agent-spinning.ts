import { z } from 'zod';
import { durationText, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { trackKey } from '../../processes/groups.js';
import { agentName, folder } from '../../wording/labels.js';
import { processSubject } from '../../wording/subjects.js';

/** An agent's own process while it waits for its user: it has nothing to do. */
export function isSpinningAgent(history: History, { sample }: ProcessTrack): boolean {
  const { session } = sample;
  if (session === null || !session.alive || session.pid !== sample.pid) return false;
  return history.session(session)?.state === 'WAITING';
}

export const agentSpinning = defineRule({
  id: 'agent_spinning',
  about: 'An agent that waits for its user and yet burns CPU.',
  keys: {
    duration_s: lasting(120),
    threshold_percent: z.number().min(1).max(100_000).default(50).describe('Of one core.'),
  },
  figures: ({ threshold_percent, duration_s }) => ({
    fires: `an agent that is WAITING uses ≥ ${threshold_percent} % of a core`,
    lasts_s: duration_s,
    ends: `below ${rounded(threshold_percent * 0.8)} %, or no longer WAITING`,
    clear_s: 30,
    severity: 'warning',
  }),
  check(history, now_ms, { threshold_percent, duration_s }) {
    return history.watched
      .filter(track => (track.sample.cpu_percent ?? 0) >= threshold_percent * 0.8)
      .filter(track => isSpinningAgent(history, track))
      .map(track => {
        const session = history.session(track.sample.session!)!;
        const cpu_percent = track.sample.cpu_percent!;
        const busy_since_ms = track.cpuSince(threshold_percent);
        const held_ms = busy_since_ms === null ? 0 : now_ms - Math.max(busy_since_ms, session.since_ms);
        const where = session.cwd === null ? '' : ` in ${folder(session.cwd)}`;
        return {
          key: trackKey(track),
          severity: busy_since_ms !== null && held_ms >= duration_s * 1000 ? ('warning' as const) : null,
          holds: true,
          for_ms: 0,
          clear_ms: 30_000,
          subject: processSubject(history, track),
          title: `${agentName(session)}${where} waits for you and yet burns CPU`,
          text: `It has been waiting for ${durationText(now_ms - session.since_ms)} and uses ${percentText(cpu_percent)} of a core (threshold ${percentText(threshold_percent)}).`,
          suggestion: 'It does no work for you: end the session and resume it.',
          numbers: { cpu_percent, threshold_percent, waiting_ms: now_ms - session.since_ms },
        };
      });
  },
});
