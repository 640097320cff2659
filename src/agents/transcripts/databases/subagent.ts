import type { TranscriptEntry } from '../../../model/observation.js';

/** What the last messages of a conversation say of its state. */
export interface Told {
  entry: TranscriptEntry;
  /** That was called and has not answered. */
  tool: string | null;
}

/** The state of a conversation whose open call may have started an agent below: what that one asks for, its person is asked. */
export function stateWithSubagent(
  own: Told | null,
  startsAgent: (tool: string) => boolean,
  below: () => Told | null,
): TranscriptEntry | null {
  if (own?.tool == null || !startsAgent(own.tool)) return own?.entry ?? null;
  const asked = below()?.entry;
  const asks = asked?.phase === 'tool' || asked?.phase === 'question';
  return asks ? asked : { ...own.entry, phase: 'working' };
}
