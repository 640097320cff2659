import { processKey } from '../../../lib/process/identity.js';
import { bytesText, counted, percentText } from '../../../lib/text/amounts.js';
import type { SessionSample } from '../../../model/snapshot.js';
import { rounded } from '../../engine/figures.js';
import type { History } from '../../engine/history.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { type Candidate, defineRule } from '../../engine/rule.js';
import { lasting, percent } from '../../engine/settings.js';
import { sessionName } from '../../wording/labels.js';
import { processesSubject } from '../../wording/subjects.js';

const NAMED = 4;

interface Idle {
  session: SessionSample;
  tracks: ProcessTrack[];
  bytes: number;
}

/** Agents of one user that wait, each of a healthy size, and together hold a good part of the memory. */
export const idleAgents = defineRule({
  id: 'idle_agents',
  about: 'Agents that wait for their user and together hold much memory.',
  keys: {
    duration_s: lasting(120),
  },
  thresholds: {
    idle_agents_ram_percent: percent(
      30,
      'Waiting agents of one user that together hold more memory than this are told.',
    ),
  },
  figures: ({ idle_agents_ram_percent: limit, duration_s }) => ({
    fires: `two or more agents of a user that wait hold > ${limit} % of the memory together, with their tools`,
    lasts_s: duration_s,
    ends: `below ${rounded(limit * 0.9)} %`,
    clear_s: 60,
    severity: 'warning; high when < 10 % of the memory is left',
  }),
  check(history, _now_ms, { duration_s, idle_agents_ram_percent: threshold }) {
    const { memory } = history.snapshot.host;
    if (memory === null || memory.total_bytes <= 0) return null;
    const isShort = memory.available_bytes < memory.total_bytes / 10;
    return [...idleByUser(history)].flatMap(([uid, idle]) => {
      const bytes = idle.reduce((sum, one) => sum + one.bytes, 0);
      const ram_percent = (bytes / memory.total_bytes) * 100;
      if (idle.length < 2 || ram_percent <= threshold * 0.9) return [];
      const title = `${counted(idle.length, 'waiting agent')} hold much memory together`;
      const severity = ram_percent <= threshold ? null : isShort ? ('high' as const) : ('warning' as const);
      const candidate: Candidate = {
        key: String(uid),
        severity,
        holds: true,
        for_ms: duration_s * 1000,
        clear_ms: 60_000,
        exact_key: true,
        subject: processesSubject(
          history,
          idle.flatMap(({ tracks }) => tracks),
          `${idle.length} waiting agents`,
          null,
        ),
        title,
        text: `${bytesText(bytes)}, ${percentText(ram_percent)} of the memory (threshold ${percentText(threshold)}), with what they started: ${listOf(idle)}.`,
        suggestion:
          'End the sessions that you do not need now, the largest first, and resume them later: the conversation is kept.',
        numbers: { agents: idle.length, held_bytes: bytes, ram_percent, threshold_percent: threshold },
      };
      return [candidate];
    });
  },
});

/** Those without a terminal, which programs start, are the storm's business. */
function idleByUser(history: History): Map<number, Idle[]> {
  const idle = new Map<string, Idle>();
  for (const session of history.snapshot.sessions)
    if (session.alive && session.state === 'WAITING' && session.tty !== null)
      idle.set(processKey(session), { session, tracks: [], bytes: 0 });
  const byUser = new Map<number, Idle[]>();
  if (idle.size < 2) return byUser;
  for (const track of history.watched) {
    const { sample } = track;
    const of = sample.session === null ? undefined : idle.get(processKey(sample.session));
    if (of === undefined) continue;
    of.tracks.push(track);
    of.bytes += track.held_bytes;
  }
  for (const one of [...idle.values()].sort((a, b) => b.bytes - a.bytes)) {
    const { uid } = one.session;
    if (one.tracks.length > 0) byUser.set(uid, [...(byUser.get(uid) ?? []), one]);
  }
  return byUser;
}

function listOf(idle: readonly Idle[]): string {
  const named = idle
    .slice(0, NAMED)
    .map(({ session, bytes }) => `${sessionName(session)} (${bytesText(bytes)})`);
  return idle.length > NAMED ? `${named.join(', ')} and ${idle.length - NAMED} more` : named.join(', ');
}
