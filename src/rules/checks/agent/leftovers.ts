import { processKey } from '../../../lib/process/identity.js';
import type { History } from '../../engine/history.js';
import type { ProcessTrack } from '../../engine/process-track.js';
import { isAdopted, isPoolWorker, maySurvive } from '../../processes/exemptions.js';
import { type Group, groupBy, totalRss } from '../../processes/groups.js';
import { isManaged } from '../../processes/units.js';

/** What agents leave behind: the groups that three rules (orphan, duplicates, ghost_process_storm) speak of. */

const byRss = ({ held_bytes }: ProcessTrack) => held_bytes;

/** Processes of agents that have ended, by session. Without those that are meant to stay. */
export function orphans(history: History): Group[] {
  const unused = unusedServers(history);
  return groupBy(
    history.watched,
    track => {
      const { session, state, uid } = track.sample;
      if (state === 'Z') return null;
      if (session === null)
        return unused.has(track) || looksLeftOver(history, track) ? `unknown:${uid}` : null;
      return session.alive || maySurvive(history, track) ? null : processKey(session);
    },
    byRss,
  );
}

/**
 * Of an agent that ended before anybody watched: it lost the parent that made it, it is a program that agents start, and
 * no unit of its own says that this is on purpose.
 */
function looksLeftOver(history: History, track: ProcessTrack): boolean {
  return track.features.of_agent && isAdopted(history, track) && !maySurvive(history, track);
}

/**
 * Servers of agents (Codex's app-server) serve sessions that come and go, so the newest stays, and as many as there are
 * living sessions of that agent. The others are left over once nobody holds them any more.
 */
function unusedServers(history: History): ReadonlySet<ProcessTrack> {
  const servers = groupBy(
    history.watched.filter(({ sample, features }) => features.serves !== null && sample.session === null),
    track =>
      track.sample.state !== 'Z' && isAdopted(history, track) && !maySurvive(history, track)
        ? `${track.sample.uid}:${track.features.serves}`
        : null,
    ({ sample }) => sample.start_ticks,
  );
  return new Set(
    servers.flatMap(({ tracks }) => (tracks.length < 2 ? [] : tracks.slice(sessionsOf(history, tracks[0]!)))),
  );
}

/** Living sessions of that user and agent: `codex`, `claude-code` by the name of their program. */
function sessionsOf({ snapshot }: History, { sample, features }: ProcessTrack): number {
  const { uid } = sample;
  return snapshot.sessions.filter(
    one => one.alive && one.uid === uid && one.agent.startsWith(features.serves!),
  ).length;
}

/** The same script many times over: more than allowed, where each living session may have one of its own. */
export function duplicates(
  history: History,
  now_ms: number,
  { min_age_s, max_duplicate_processes }: { min_age_s: number; max_duplicate_processes: number },
): Group[] {
  const min_age_ms = min_age_s * 1000;
  const groups = groupBy(
    history.watched,
    track => {
      const { sample, features } = track;
      if (features.script === null || features.build || features.browser || sample.state === 'Z') return null;
      if (now_ms - sample.started_ms < min_age_ms) return null;
      if (sample.session?.alive === true && sample.session.pid === sample.pid) return null;
      if (isPoolWorker(history, track) || isManaged(history, track)) return null;
      // `server.js` of one project is not that of another.
      const relative = /^\S+ (?![/-])/.test(features.script);
      const where = relative ? (sample.session?.cwd ?? '') : '';
      return `${sample.uid}:${where}:${features.script}`;
    },
    byRss,
  );
  return groups.filter(({ tracks }) => surplus(tracks) > max_duplicate_processes);
}

function surplus(tracks: readonly ProcessTrack[]): number {
  const sessions = new Set<string>();
  for (const { sample } of tracks) {
    if (sample.session?.alive === true) sessions.add(processKey(sample.session));
  }
  return tracks.length - Math.max(0, sessions.size - 1);
}

/** Agents without a terminal, which programs start, of one kind and user: more than a person would have. */
export function headlessAgents(history: History, most: number): Group[] {
  const groups = groupBy(
    history.watched,
    ({ sample }) => {
      const { session } = sample;
      if (session === null || session.pid !== sample.pid || !session.alive) return null;
      return history.session(session)?.tty === null ? `${sample.uid}:agents:${session.agent}` : null;
    },
    byRss,
  );
  return groups.filter(({ tracks }) => tracks.length > most);
}

/** How much of the machine's memory they hold; null where that is not known. */
export function ramShare(history: History, tracks: readonly ProcessTrack[]): number | null {
  const { memory } = history.snapshot.host;
  if (memory === null || memory.total_bytes <= 0) return null;
  return (totalRss(tracks) / memory.total_bytes) * 100;
}
