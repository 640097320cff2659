import { closeSync } from 'node:fs';
import type { Session } from '../../agents/tracker/session.js';
import { errorWords } from '../../lib/files/error-words.js';
import type { Logger } from '../../lib/log/logger.js';
import { processKey } from '../../lib/process/identity.js';
import { now } from '../../lib/time/time.js';
import type { HelperHealth } from '../../model/helper-health.js';
import type { Observation } from '../../model/observation.js';
import type {
  FromHelper,
  HelperAgent,
  HelperAlert,
  HelperDesktop,
  ToHelper,
  TranscriptSession,
} from '../desktop/protocol.js';
import { HelperChild, type HelperCommand } from './helper-child.js';
import { FileMessages, HelperLog, observationOf } from './helper-messages.js';

export interface UserHelperOptions {
  uid: number;
  command: HelperCommand;
  logger: Logger;
  config(): ToHelper;
  find(pid: number): Session | undefined;
  feed(observation: Observation): void;
  /** What its person has not seen is another now. */
  seen(): void;
  /** It could not begin, for this reason; true: it is given up. */
  stillborn?(said: string): boolean;
  /** A new process stands there: it is to be told everything. */
  begun(): void;
}

/** One whose helper hung may have been hung by a container's files: these are not read for so long. */
const BARRED_MS = 10 * 60_000;

/** What a new helper knows of alerts. */
const NO_ALERTS = '[]';

const BARRED = 'the files of agents in containers are not read for 10 min, since it hung';

/** Opens the root folder of an agent in a container. Throws as fs does. */
export type OpenRoot = () => number;

interface Reading {
  session: TranscriptSession;
  /** Null: it is in no container. */
  openRoot: OpenRoot | null;
}

/** One user's helper and what it was last told: only what is new is said. */
export class UserHelper {
  private readonly helper: HelperChild;
  private readonly log: HelperLog;
  private readonly files: FileMessages;
  private dropped = 0;
  private readonly reading = new Map<number, Reading>();
  /** Of these the present process has the root folder. */
  private readonly passed = new Set<string>();
  private barredUntil_ms = 0;
  private readonly counts = new Map<number, number>();
  private readonly commands = new Map<number, string>();
  private told = '';
  private toldAlerts = NO_ALERTS;
  private desktop: HelperDesktop | null = null;
  private idleSince_ms: number | null = null;

  constructor(private readonly options: UserHelperOptions) {
    const { uid, command, logger, find, feed } = options;
    this.log = new HelperLog(uid, logger);
    this.files = new FileMessages(message => {
      if (find(message.pid)?.uid === uid && this.reading.has(message.pid))
        feed(observationOf(message, now()));
    });
    this.helper = new HelperChild({
      uid,
      command,
      logger,
      greeting: () => this.greeting(),
      receive: message => this.receive(message),
      hung: () => this.bar(),
      ...(options.stillborn === undefined ? {} : { stillborn: options.stillborn }),
    });
  }

  start(): void {
    this.helper.start();
  }

  stop(): Promise<void> {
    this.files.clear();
    return this.helper.stop();
  }

  health(): Pick<HelperHealth, 'pid' | 'state' | 'problem' | 'restarts' | 'floods' | 'dropped' | 'desktop'> {
    const { pid, state, problem, restarts, floods } = this.helper;
    const dropped = this.dropped + this.files.dropped;
    return {
      pid,
      state,
      problem: problem ?? (this.isBarred ? BARRED : null),
      restarts,
      floods,
      dropped,
      desktop: state === 'running' ? this.desktop : null,
    };
  }

  /** Turn ends and requests of an agent that its person has not seen. */
  unseen(id: number): number {
    return this.counts.get(id) ?? 0;
  }

  /** What shows an agent's session that nobody looks at: its user's word. Null: somebody does, or it is in none. */
  attach(id: number): string | null {
    return this.commands.get(id) ?? null;
  }

  configure(): void {
    this.helper.send(this.options.config());
  }

  tellAgents(agents: readonly HelperAgent[]): void {
    // Titles spin and work goes on: neither is news.
    const told = JSON.stringify(agents.map(agent => ({ ...agent, title: null, worked_ms: 0 })));
    if (told === this.told) return;
    this.told = told;
    this.helper.send({ type: 'agents', agents: [...agents] });
  }

  tellAlerts(alerts: HelperAlert[]): void {
    const told = JSON.stringify(alerts);
    if (told === this.toldAlerts) return;
    this.toldAlerts = told;
    this.helper.send({ type: 'alerts', alerts });
  }

  /** Has it read the files of one more session. */
  read(session: TranscriptSession, openRoot: OpenRoot | null): void {
    this.reading.set(session.pid, { session, openRoot });
    this.helper.send(this.readingMessage());
  }

  readNoMore(pid: number): void {
    const reading = this.reading.get(pid);
    if (reading === undefined) return;
    this.reading.delete(pid);
    this.passed.delete(processKey(reading.session));
    this.helper.send(this.readingMessage());
  }

  /** For how long nobody has needed it: there is nothing to be shown, and no file to be read. */
  idle_ms(needed: boolean): number {
    if (this.barredUntil_ms !== 0 && !this.isBarred) {
      this.barredUntil_ms = 0;
      this.helper.send(this.readingMessage());
    }
    if (needed || this.reading.size > 0) {
      this.idleSince_ms = null;
      return 0;
    }
    this.idleSince_ms ??= now();
    return now() - this.idleSince_ms;
  }

  private greeting(): ToHelper[] {
    this.told = '';
    this.toldAlerts = NO_ALERTS;
    this.desktop = null;
    this.counts.clear();
    this.files.clear();
    this.passed.clear();
    this.options.begun();
    return [this.options.config(), this.readingMessage()];
  }

  private readingMessage(): ToHelper {
    const readable = [...this.reading.values()].filter(reading => this.isReadable(reading));
    return { type: 'transcripts', sessions: readable.map(({ session }) => session) };
  }

  /** Passes the root folder of its container, if it is in one and the helper has not got it. */
  private isReadable({ session, openRoot }: Reading): boolean {
    if (openRoot === null) return true;
    const { root } = session;
    if (root === null || this.isBarred) return false;
    if (this.passed.has(root)) return true;
    try {
      const fd = openRoot();
      try {
        if (!this.helper.passFile(root, fd)) return false;
      } finally {
        closeSync(fd);
      }
      this.passed.add(root);
      return true;
    } catch (error) {
      // It may be gone by now.
      const { logger, uid } = this.options;
      const why = errorWords(error);
      logger.warn({ uid, pid: session.pid, why }, 'the files of an agent in a container cannot be read');
      return false;
    }
  }

  private get isBarred(): boolean {
    return now() < this.barredUntil_ms;
  }

  /** A file system of a container's own may answer never: that is not to cost the desktop again and again. */
  private bar(): void {
    if ([...this.reading.values()].some(({ openRoot }) => openRoot !== null))
      this.barredUntil_ms = now() + BARRED_MS;
  }

  /** A helper is its user's puppet: it may speak of that user's agents, and time is ours. */
  private receive(message: FromHelper): void {
    const { uid, find } = this.options;
    switch (message.type) {
      case 'log':
        if (!this.log.write(message)) this.dropped++;
        return;
      case 'unseen':
        this.counts.clear();
        for (const [id, count] of message.counts) if (find(id)?.uid === uid) this.counts.set(id, count);
        this.options.seen();
        return;
      case 'detached':
        this.commands.clear();
        for (const [id, command] of message.commands)
          if (find(id)?.uid === uid) this.commands.set(id, command);
        return;
      case 'pong':
        return;
      case 'desktop':
        this.desktop = message.desktop;
        return;
      default:
        this.files.take(message);
    }
  }
}
