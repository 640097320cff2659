import { bytesText, counted, percentText } from '../../../lib/text/amounts.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { lasting, percent } from '../../engine/settings.js';
import { type Group, totalCpu, totalRss } from '../../processes/groups.js';
import { agentName, programName, sessionName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';
import { duplicates } from './duplicates.js';
import { duplicates as duplicateGroups, headlessAgents, orphans, ramShare } from './leftovers.js';
import { programList, startedBy } from './leftovers-text.js';

/**
 * Leftovers or duplicates of agents that together hold a good part of the memory: the trouble that freezes
 * machines. It speaks instead of the rules for orphans and for duplicates. A process counts once.
 */
export const ghostProcessStorm = defineRule({
  id: 'ghost_process_storm',
  about: 'Duplicates or leftovers of an agent that together hold much memory.',
  keys: {
    duration_s: lasting(30),
  },
  thresholds: {
    storm_ram_percent: percent(
      10,
      'Duplicates or leftovers of an agent that together hold more memory than this are a storm.',
    ),
  },
  figures: ({ storm_ram_percent: limit, duration_s }) => ({
    fires: `leftovers or duplicates hold > ${limit} % of the memory`,
    lasts_s: duration_s,
    ends: `below ${rounded(limit * 0.8)} %`,
    clear_s: 30,
    severity: `high; critical above ${Math.max(33, limit)} %, or when < 10 % of the memory is left`,
  }),
  check(history, now_ms, { storm_ram_percent: threshold, duration_s }, settingsOf) {
    const ofDuplicates = settingsOf(duplicates);
    /** By pid: what the candidate that names the process speaks instead of. */
    const told = new Map<number, Milder[]>();
    const groups = [
      ...orphans(history).map(group => ({
        group,
        title: orphanTitle(group),
        milder: milder('orphan', group),
      })),
      ...duplicateGroups(history, now_ms, ofDuplicates).map(group => ({
        group,
        title: duplicateTitle(group),
        milder: milder('duplicates', group),
      })),
      ...headlessAgents(history, ofDuplicates.max_duplicate_processes).map(group => ({
        group,
        title: headlessTitle(group),
        milder: [],
      })),
    ];
    return groups.flatMap(({ group: { key, tracks }, title, milder: instead_of }) => {
      if (tracks.every(({ sample }) => told.has(sample.pid))) {
        told.get(tracks[0]!.sample.pid)!.push(...instead_of);
        return [];
      }
      const share = ramShare(history, tracks) ?? 0;
      if (tracks.length < 2 || share < threshold * 0.8) return [];
      for (const { sample } of tracks) told.set(sample.pid, instead_of);
      const rss_bytes = totalRss(tracks);
      return {
        key,
        severity: share > threshold ? severityOf(share, threshold, history) : null,
        holds: true,
        for_ms: duration_s * 1000,
        clear_ms: 30_000,
        subject: processesSubject(history, tracks, title),
        title,
        text: `Together they hold ${bytesText(rss_bytes)}, ${percentText(share)} of the memory (threshold ${percentText(threshold)}): ${programList(tracks)}. ${startedBy(history, tracks)}`,
        suggestion: 'End them as a group; those that a living session needs are started again by it.',
        numbers: {
          processes: tracks.length,
          rss_bytes,
          cpu_percent: totalCpu(tracks),
          ram_percent: share,
          threshold_percent: threshold,
        },
        instead_of,
      };
    });
  },
});

type Milder = NonNullable<Candidate['instead_of']>[number];

function milder(rule: Milder['rule'], { key }: Group): Milder[] {
  return [{ rule, key }];
}

/** Critical where they hold a third of the memory, or there is hardly any left. */
function severityOf(share: number, threshold: number, history: History): 'high' | 'critical' {
  const { memory } = history.snapshot.host;
  const left = memory === null ? 1 : memory.available_bytes / memory.total_bytes;
  return share > Math.max(33, threshold) || left < 0.1 ? 'critical' : 'high';
}

function orphanTitle({ tracks }: Group): string {
  const { session } = tracks[0]!.sample;
  return `${counted(tracks.length, 'orphan')} of ${session === null ? 'agents that ended' : sessionName(session)}`;
}

function duplicateTitle({ tracks }: Group): string {
  return `${tracks.length} × ${programName(tracks[0]!)}`;
}

function headlessTitle({ tracks }: Group): string {
  return `${tracks.length} × ${agentName(tracks[0]!.sample.session!)} without a terminal`;
}
