import { errorWords } from '../../lib/files/error-words.js';
import { openRoot, RootedTree } from '../../lib/files/file-tree.js';
import type { Users } from '../../lib/os/users.js';
import type { Clock } from '../../lib/time/time.js';
import type { Observation } from '../../model/observation.js';
import { isInteractive, type Session } from '../tracker/session.js';
import { agentFolder } from './agent-folder.js';
import type { AgentPlace } from './agent-place.js';
import { openFiles } from './open-files.js';
import type { AgentFileReader } from './reader.js';

/** Whose folder cannot be told now is asked again after so long. */
const AGAIN_MS = 1_000;
const NO_FILES: AgentFileReader = { start: () => {}, close: () => {} };

interface Open {
  pid: number;
  reader: AgentFileReader;
}

/** Keeps one reader for each living session whose agent tells its state in files. */
export class AgentFilesWatcher {
  private readonly open = new Map<Session, Open>();
  private sessions: readonly Session[] = [];
  private again: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: {
      root: string;
      users: Users;
      emit(observation: Observation): void;
      clock: Clock;
      log(fields: Record<string, unknown>, message: string): void;
      /** Reads for other users, as them; null: `session` is of our own user and read right here. */
      elsewhere?(session: Session, folder: string, place: AgentPlace): AgentFileReader | null;
      place(session: Session): AgentPlace;
    },
  ) {}

  /** Opens readers for sessions that came, closes those of sessions that ended. Cheap when nothing changed. */
  sync(sessions: readonly Session[]): void {
    this.sessions = sessions;
    // One reader for a process, whatever it holds.
    const living = new Set(
      sessions.filter(one => one.ending === null && one.server === null && isInteractive(one)),
    );
    for (const [session, { pid, reader }] of this.open) {
      if (living.has(session) && session.pid === pid) continue;
      reader.close();
      this.open.delete(session);
    }
    for (const session of living) if (!this.open.has(session)) this.add(session);
  }

  close(): void {
    if (this.again !== null) clearTimeout(this.again);
    this.again = null;
    this.sessions = [];
    for (const { reader } of this.open.values()) reader.close();
    this.open.clear();
  }

  private add(session: Session): void {
    const { files } = session.type;
    if (files === undefined || (files.only_conversations && session.mode !== 'conversation')) return;
    const { root, users, elsewhere } = this.options;
    const place = this.options.place(session);
    const folder = agentFolder(root, session, files.folder, users, place.inside.other_mounts);
    if (folder === 'unknown') {
      this.askAgain();
      return;
    }
    if (folder === null) return;
    // A project may lie on a file system that never answers: that may cost a helper, not the daemon of all.
    const isRisky = files.folder === 'project' && session.uid === 0 && process.getuid?.() === 0;
    const here = () => (isRisky ? NO_FILES : this.openHere(session, folder, place));
    const reader = elsewhere?.(session, folder, place) ?? here();
    this.open.set(session, { pid: session.pid, reader });
    reader.start();
  }

  private askAgain(): void {
    this.again ??= setTimeout(() => {
      this.again = null;
      this.sync(this.sessions);
    }, AGAIN_MS).unref();
  }

  private openHere(session: Session, folder: string, { inside }: AgentPlace): AgentFileReader {
    const { root, emit, clock, log } = this.options;
    const context = { session, folder, inside, emit, clock, log };
    if (!inside.other_mounts) return openFiles(session.type, context) ?? NO_FILES;
    try {
      const tree = new RootedTree(openRoot(root, session));
      return openFiles(session.type, { ...context, tree }) ?? NO_FILES;
    } catch (error) {
      log(
        { pid: session.pid, why: errorWords(error) },
        'the files of an agent in a container cannot be read',
      );
      return NO_FILES;
    }
  }
}
