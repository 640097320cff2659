import { isSameProcess } from '../../lib/process/identity.js';
import type { SessionRef, SessionSample } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';

/**
 * Whether a process is proven to be left over by an agent session that is dead. Lineage was recorded while
 * the session lived; everything else is looked up now. Answers the reason why not, null when it is proven.
 */
export function whyNotOrphan(
  process: LiveProcess,
  view: ProcessView,
  sessions: readonly SessionSample[],
): string | null {
  const { session } = process;
  if (session === null) return 'came from no agent session that vigil knows';
  const known = sessions.find(one => isSameProcess(one, session));
  if (session.alive || known === undefined || known.alive) return 'belongs to a session that is not over';
  const main = view.resolve(session);
  if (main !== null && main.state !== 'Z' && main.state !== 'X')
    return 'belongs to a session whose agent still runs';
  if (process.uid === 0) return 'runs as root';
  if (process.uid !== known.uid) return 'runs as another user than its session did';
  if (process.foreground) return 'is in the foreground of a terminal';
  if (!isAbandoned(process, view, session)) return 'has a parent outside its session that may still use it';
  if (view.listens(process.pid) !== false) return 'may serve somebody: it listens on the network';
  return null;
}

/** Its parent is init, the user's systemd, or one of the same dead session. */
function isAbandoned(process: LiveProcess, view: ProcessView, session: SessionRef): boolean {
  if (process.ppid <= 1) return true;
  const parent = view.find(process.ppid);
  if (parent === null) return true;
  if (parent.session !== null && isSameProcess(parent.session, session)) return true;
  return parent.comm === 'systemd';
}
