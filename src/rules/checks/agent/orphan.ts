import { z } from 'zod';
import { bytesText, counted, durationText, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { lasting } from '../../engine/settings.js';
import { type Group, totalCpu, totalRss } from '../../processes/groups.js';
import { sessionName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { orphans, ramShare } from './leftovers.js';
import { programList } from './leftovers-text.js';

const MB = 1024 * 1024;
/** More of the machine's memory than this, and it is more than untidy. */
const HIGH_ABOVE_PERCENT = 10;

/** Processes that outlived the agent that they came from, and still burn CPU or hold memory. */
export const orphan = defineRule({
  id: 'orphan',
  about: 'Processes that outlived their agent.',
  keys: {
    duration_s: lasting(60),
    min_rss_mb: z.int().min(0).max(1_048_576).default(100).describe('Together they hold more than this, or'),
    min_cpu_percent: z.number().min(0).max(100_000).default(5).describe('burn more of a core than this.'),
  },
  figures: ({ min_rss_mb, min_cpu_percent, duration_s }) => ({
    fires: `what an ended agent left holds > ${min_rss_mb} MB, or uses > ${min_cpu_percent} % of a core`,
    lasts_s: duration_s,
    ends: `at most ${rounded(min_rss_mb * 0.8)} MB and ${rounded(min_cpu_percent / 2)} %`,
    clear_s: 20,
    severity: 'warning; high above 10 % of the memory',
  }),
  check(history, _now_ms, { min_rss_mb, min_cpu_percent, duration_s }) {
    return orphans(history).flatMap(group => {
      const rss_bytes = totalRss(group.tracks);
      const cpu_percent = totalCpu(group.tracks);
      const bad = rss_bytes > min_rss_mb * MB || cpu_percent > min_cpu_percent;
      const holds = rss_bytes > min_rss_mb * MB * 0.8 || cpu_percent > min_cpu_percent * 0.5;
      if (!holds) return [];
      return candidate(history, group, { rss_bytes, cpu_percent, bad, for_ms: duration_s * 1000 });
    });
  },
});

interface Figures {
  rss_bytes: number;
  cpu_percent: number;
  bad: boolean;
  for_ms: number;
}

function candidate(history: History, { key, tracks }: Group, figures: Figures): Candidate {
  const { rss_bytes, cpu_percent, bad, for_ms } = figures;
  const share = ramShare(history, tracks) ?? 0;
  const { session } = tracks[0]!.sample;
  const ended_ms = session === null ? null : (history.session(session)?.ended_ms ?? null);
  const ended =
    ended_ms === null ? '' : ` Their agent ended ${durationText(history.snapshot.time_ms - ended_ms)} ago.`;
  const whose = session === null ? 'agents that ended' : sessionName(session);
  return {
    key,
    severity: !bad ? null : share > HIGH_ABOVE_PERCENT ? 'high' : 'warning',
    holds: true,
    for_ms,
    clear_ms: 20_000,
    subject: processesSubject(history, tracks, `orphans of ${whose}`),
    title: `${counted(tracks.length, 'orphan')} of ${whose}`,
    text: `Together they hold ${bytesText(rss_bytes)} and use ${percentText(cpu_percent)} of a core: ${programList(tracks)}.${ended}`,
    suggestion: 'Nobody will use them again: end them, unless you started one of them to stay.',
    numbers: { processes: tracks.length, rss_bytes, cpu_percent, ram_percent: share },
  };
}
