import { isSameProcess } from '../../lib/process/identity.js';
import { printable } from '../../lib/text/printable.js';
import type { SessionRef } from '../../model/snapshot.js';
import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';

/** How alerts call things. All of it is printable. */

/** `Claude Code`; types of the user's own by their name. */
export function agentName({ agent, label = agent }: Pick<SessionRef, 'agent' | 'label'>): string {
  return printable(label, 40);
}

/** `the Claude Code session in ~/shop` */
export function sessionName(session: SessionRef): string {
  const where = session.cwd === null ? `(pid ${session.pid})` : `in ${folder(session.cwd)}`;
  return `the ${agentName(session)} session ${where}`;
}

/** With `~` for a home: alerts are read by whoever owns the process. */
export function folder(path: string): string {
  return printable(path.replace(/^(\/home\/[^/]+|\/root)(?=\/|$)/, '~'), 60);
}

/** `node shop/server.js (pid 4711)` */
export function processName(track: ProcessTrack): string {
  return `${programName(track)} (pid ${track.sample.pid})`;
}

/** `node shop/server.js` */
export function programName(track: ProcessTrack): string {
  return printable(track.features.program, 60);
}

/** From the oldest ancestor worth naming down to the process, at most so many of them. */
const LINEAGE_MAX = 8;

/**
 * `claude (pid 12) → npm → node shop/server.js`: from the agent where it descends from one that still runs,
 * else from the first ancestor below init. A process whose agent is gone begins with that agent.
 */
export function lineage(history: History, track: ProcessTrack): string {
  const { session } = track.sample;
  const chain: ProcessTrack[] = [];
  let at: ProcessTrack | undefined = track;
  while (at !== undefined && at.sample.pid !== 1 && chain.length < LINEAGE_MAX) {
    if (at !== track && at.sample.comm === 'systemd') break;
    chain.unshift(at);
    if (session !== null && isSameProcess(at.sample, session)) break;
    const parent: ProcessTrack | undefined = history.process(at.sample.ppid);
    at = parent === at ? undefined : parent;
  }
  const names = chain.map((link, index) =>
    index === 0 && link !== track ? processName(link) : programName(link),
  );
  // `bash → bash → bash` says no more than `bash`.
  const told = names.filter((name, index) => index === names.length - 1 || name !== names[index + 1]);
  if (session !== null && !session.alive) told.unshift(`${agentName(session)} (ended, pid ${session.pid})`);
  return told.join(' → ');
}
