import type { Users } from '../../lib/os/users.js';
import type { Clock } from '../../lib/time/time.js';
import type { Observation } from '../../model/observation.js';
import type { Session } from '../tracker/session.js';
import { ClaudeFiles } from '../types/claude-code/files.js';
import { CodexFiles } from '../types/codex/files.js';
import { CopilotFiles } from '../types/copilot-cli/files.js';
import { type AgentHome, agentHome } from './agent-home.js';
import type { ReaderContext, WordsReader } from './reader.js';

/** Which agents keep files that tell their state, and who reads them. */
const READERS: Record<string, new (context: ReaderContext) => WordsReader> = {
  'claude-code': ClaudeFiles,
  codex: CodexFiles,
  'copilot-cli': CopilotFiles,
};

interface Open {
  pid: number;
  reader: WordsReader;
}

/** The reader for an agent's files, not started; null when its kind has none. */
export function openReader(kind: string, context: ReaderContext): WordsReader | null {
  const Reader = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  return Reader === undefined ? null : new Reader(context);
}

/** Keeps one reader for each living session whose agent speaks in files. */
export class WordsWatcher {
  private readonly open = new Map<Session, Open>();

  constructor(
    private readonly options: {
      root: string;
      users: Users;
      emit(observation: Observation): void;
      clock: Clock;
      log(fields: Record<string, unknown>, message: string): void;
      /** Reads for other users, as them; null: `session` is of our own user and read right here. */
      elsewhere?(session: Session, home: AgentHome): WordsReader | null;
    },
  ) {}

  /** Opens readers for sessions that came, closes those of sessions that ended. Cheap when nothing changed. */
  sync(sessions: readonly Session[]): void {
    const living = new Set(sessions.filter(session => session.ending === null && session.interactive));
    for (const [session, { pid, reader }] of this.open) {
      if (living.has(session) && session.pid === pid) continue;
      reader.close();
      this.open.delete(session);
    }
    for (const session of living) if (!this.open.has(session)) this.add(session);
  }

  close(): void {
    for (const { reader } of this.open.values()) reader.close();
    this.open.clear();
  }

  private add(session: Session): void {
    if (!Object.hasOwn(READERS, session.type.name)) return;
    const { root, users, emit, clock, log, elsewhere } = this.options;
    const home = agentHome(root, session.pid, session.uid, users);
    if (home === null) return;
    const reader =
      elsewhere?.(session, home) ?? openReader(session.type.name, { session, home, emit, clock, log });
    if (reader === null) return;
    this.open.set(session, { pid: session.pid, reader });
    reader.start();
  }
}
