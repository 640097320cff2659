import type { ConversationRef } from '../../model/observation.js';
import { evidence, newSession, type Session } from './session.js';

/** So many are shown of one process; the one that was silent longest makes room. */
const MAX_CONVERSATIONS = 32;
/** pids are smaller (PID_MAX_LIMIT of the kernel). */
const FIRST_ID = 2 ** 22 + 1;
/** One that waits for its next prompt for so long has been put away, unless it is the last of its process. */
export const DORMANT_AFTER_MS = 60 * 60_000;

/**
 * Several conversations in one process: a session each. The first is the session of the process itself, which lives on
 * without a conversation when that one ends; the processes behind are all theirs.
 */
export class Conversations {
  private nextId = FIRST_ID;

  /** Begins one. `dropped`: which one makes room for it. */
  begin(
    server: Session,
    ref: ConversationRef,
    time_ms: number,
  ): { session: Session; dropped: Session | null } {
    const all = conversationsOf(server).filter(({ conversation }) => conversation !== null);
    const dropped = all.length < MAX_CONVERSATIONS ? null : quietest(all);
    const session = server.conversation === null ? server : this.make(server, time_ms);
    if (session !== server) server.further.add(session);
    session.dormant = false;
    return { session: name(session, ref), dropped };
  }

  private make(server: Session, time_ms: number): Session {
    const { type, mode, pid, uid, start_ticks, started_ms, host, command } = server;
    const process = { pid, ppid: 0, uid, comm: '', exe: null, argv: [command], is_copy: false, cwd: null };
    const session = newSession(
      type,
      { ...process, tty: null, stdin_tty: null, stdout_tty: null, start_ticks, started_ms, host },
      mode,
      evidence('transcript', 'another conversation began in its process', time_ms),
    );
    session.id = this.nextId++;
    session.server = server;
    session.members = server.members;
    session.signals.stopped_since_ms = server.signals.stopped_since_ms;
    return session;
  }
}

/** All that a process holds: what stands for it, and its further conversations. */
export function conversationsOf(server: Session): Session[] {
  return [server, ...server.further];
}

function name(session: Session, { id, cwd }: ConversationRef): Session {
  session.conversation = id;
  session.session_id = id;
  session.cwd = cwd ?? session.cwd;
  return session;
}

/** One for each process that holds some of these: what stands for it, shown or not. */
export function serversOf<S extends { server?: S | null }>(sessions: readonly S[]): S[] {
  return [...new Set(sessions.map(session => session.server ?? session))];
}

/** The session of a process holds no conversation from now on. */
export function clearConversation(server: Session): void {
  server.conversation = null;
  server.session_id = null;
  server.cwd = server.process_cwd;
  server.title = null;
  server.has_worked = false;
  server.state = 'UNKNOWN';
  server.reason = null;
  server.signals.statements.clear();
}

function quietest(sessions: readonly Session[]): Session {
  return sessions.reduce((one, other) => (lastMoved(other) < lastMoved(one) ? other : one));
}

/** When something last happened in it that can be told. */
export function lastMoved({ state, reason, since_ms, signals }: Session): number {
  const rests = state === 'WAITING' && (reason === 'done' || reason === 'input');
  return rests ? Math.max(since_ms, signals.progress_ms) : Number.POSITIVE_INFINITY;
}

/** The one that its person would be asked about first. */
export function foremost(sessions: readonly Session[]): Session | undefined {
  const shown = sessions.filter(({ dormant }) => !dormant);
  return shown.sort((a, b) => urgency(b) - urgency(a) || b.since_ms - a.since_ms)[0];
}

function urgency({ state, reason }: Session): number {
  if (state === 'WAITING' && reason !== 'done' && reason !== 'input') return 2;
  return state === 'WORKING' ? 1 : 0;
}
