import { z } from 'zod';
import { durationText, percentText } from '../../../lib/text/amounts.js';
import type { Severity } from '../../../model/alert.js';
import { rounded, timeText } from '../../engine/figures.js';
import { defineRule } from '../../engine/rule.js';
import { lasting, seconds } from '../../engine/settings.js';
import { isAttended, isBusyByNature } from '../../processes/exemptions.js';
import { groupBy, programKey, totalCpu } from '../../processes/groups.js';
import { programName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { agentSpinning, isSpinningAgent } from '../agent/agent-spinning.js';

/** An open alert stays open above this share of the threshold. */
const HOLDS_ABOVE = 0.8;

/**
 * Processes that burn a core. Two kinds of work are busy for good reasons: builds and browsers, which are left
 * alone, and what somebody waits for (a job of a shell prompt, a tool of an agent at work), which has half an
 * hour and then is worth a note, no more.
 */
export const cpuHigh = defineRule({
  id: 'cpu_high',
  about: 'A process that burns a core.',
  keys: {
    duration_s: lasting(60),
    threshold_percent: z
      .number()
      .min(1)
      .max(100_000)
      .default(90)
      .describe('Of one core; twice as much is critical.'),
    attended_duration_s: seconds(
      1800,
      'What somebody waits for (a job of a terminal, a tool of an agent at work) may take so long.',
    ),
  },
  figures: ({ threshold_percent, duration_s, attended_duration_s }) => ({
    fires: `a process uses ≥ ${threshold_percent} / ${threshold_percent * 2} % of a core`,
    lasts_s: duration_s,
    unless: `attended ${timeText(attended_duration_s)}`,
    ends: `below ${rounded(threshold_percent * HOLDS_ABOVE)} %`,
    clear_s: 30,
    severity: 'warning / critical; attended info',
  }),
  check(history, now_ms, { threshold_percent, duration_s, attended_duration_s }, settingsOf) {
    const suspects = history.watched.filter(
      track =>
        (track.sample.cpu_percent ?? 0) >= threshold_percent * HOLDS_ABOVE &&
        !isBusyByNature(history, track) &&
        !(settingsOf(agentSpinning).enabled && isSpinningAgent(history, track)),
    );
    return groupBy(suspects, programKey, track => track.sample.cpu_percent ?? 0).map(({ key, tracks }) => {
      let severity: Severity | null = null;
      let since_ms = Math.min(
        ...tracks.map(track => track.cpuSince(threshold_percent * HOLDS_ABOVE) ?? now_ms),
      );
      for (const track of tracks) {
        const held_since_ms = track.cpuSince(threshold_percent);
        if (held_since_ms === null) continue;
        const attended = isAttended(history, track);
        if (now_ms - held_since_ms < (attended ? attended_duration_s : duration_s) * 1000) continue;
        since_ms = Math.min(since_ms, held_since_ms);
        const twice_ms = track.cpuSince(threshold_percent * 2);
        const critical = twice_ms !== null && now_ms - twice_ms >= duration_s * 1000;
        if (attended) severity ??= 'info';
        else if (critical) severity = 'critical';
        else if (severity !== 'critical') severity = 'warning';
      }
      const name = programName(tracks[0]!);
      const cpu_percent = totalCpu(tracks);
      const use = tracks.length === 1 ? 'It uses' : `${tracks.length} processes use`;
      return {
        key,
        severity,
        holds: true,
        for_ms: 0,
        clear_ms: 30_000,
        subject: processesSubject(history, tracks),
        title: tracks.length === 1 ? `${name} burns a core` : `Several ${name} burn a core each`,
        text: `${use} ${percentText(cpu_percent)} of a core (threshold ${percentText(threshold_percent)}${tracks.length === 1 ? '' : ' each'}) for ${durationText(now_ms - since_ms)}.`,
        suggestion: 'If nobody waits for it, end it; if it is wanted, put it on the whitelist.',
        numbers: { cpu_percent, threshold_percent, processes: tracks.length, held_ms: now_ms - since_ms },
      };
    });
  },
});
