import { isSameProcess } from '../../lib/process/identity.js';
import { isInit, isMultiplexer, isNotBornOf } from '../../lib/process/inits.js';
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
  if (process.argv_unknown) return 'may have been started to stay: its arguments cannot be read now';
  if (process.to_stay !== undefined) return `was started to stay: it ${process.to_stay}`;
  if (isInMultiplexer(process, view)) return 'runs in a multiplexer, which keeps it';
  if (process.foreground) return 'is in the foreground of a terminal';
  if (!isAbandoned(process, view, session)) return 'has a parent outside its session that may still use it';
  if (view.listens(process.pid) !== false) return 'may serve somebody: it listens on the network';
  return null;
}

/** Its parent is init, the user's systemd, one of the same dead session, or took it in (PR_SET_CHILD_SUBREAPER). */
function isAbandoned(process: LiveProcess, view: ProcessView, session: SessionRef): boolean {
  if (process.ppid <= 1) return true;
  const parent = view.find(process.ppid);
  if (parent === null) return true;
  if (parent.session !== null && isSameProcess(parent.session, session)) return true;
  // Whoever took it in when the one that made it ended does not use it.
  return isInit(parent.comm) || (parent.session?.alive !== true && isNotBornOf(process, parent));
}

const MAX_DEPTH = 8;

function isInMultiplexer({ ppid }: LiveProcess, view: ProcessView): boolean {
  let at = view.find(ppid);
  for (let depth = 0; at !== null && at.pid > 1 && depth < MAX_DEPTH; depth++) {
    if (isMultiplexer(at.comm)) return true;
    at = view.find(at.ppid);
  }
  return false;
}
