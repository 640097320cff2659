import { type Conversation, type ServingReader, servesMany } from './assign.js';

/** Clocks are read one after the other. */
const SLACK_MS = 2_000;

/**
 * What nobody on a terminal has, a process that holds several conversations may: one that was written since it started, and
 * began since then or is written again. Of several such processes the one that wrote it, the one in whose folder it is, the
 * one that started last before it. Claims are noted in the conversations.
 *
 * `wrote`: whether the process has written anything since the look before; null: not known.
 */
export function assignServed(
  conversations: readonly Conversation[],
  servers: readonly ServingReader[],
  wallTime: (time_ms: number) => number,
  wrote: (server: ServingReader) => boolean | null,
): void {
  const startOf = ({ session }: ServingReader) => wallTime(session.started_ms) - SLACK_MS;
  for (const conversation of conversations) {
    const { owner, writer, began_ms, written_ms, grew, mode } = conversation;
    if (servesMany(writer)) conversation.owner = writer;
    if (conversation.owner !== null || owner !== null || mode === 'terminal' || mode === 'batch') continue;
    const able = servers.filter(server => {
      const isNew = began_ms >= startOf(server) || grew;
      return isNew && written_ms >= startOf(server) && wrote(server) !== false;
    });
    conversation.owner = best(able, conversation);
  }
}

function best(servers: readonly ServingReader[], { cwd, began_ms }: Conversation): ServingReader | null {
  const depth = ({ process_cwd: at }: ServingReader) =>
    at !== null && (cwd === at || cwd.startsWith(`${at.replace(/\/$/, '')}/`)) ? at.length : 0;
  const before = (server: ServingReader) => (server.session.started_ms <= began_ms ? 1 : 0);
  const [first = null] = [...servers].sort(
    (a, b) => depth(b) - depth(a) || before(b) - before(a) || b.session.started_ms - a.session.started_ms,
  );
  return first;
}
