import type { Session } from '../../agents/tracker/session.js';
import type { Logger } from '../../lib/log/logger.js';
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
  /** It could not begin, for this reason; true: it is given up. */
  stillborn?(said: string): boolean;
  /** A new process stands there: it is to be told everything. */
  begun(): void;
}

/** What a new helper knows of alerts. */
const NO_ALERTS = '[]';

/** One user's helper and what it was last told: only what is new is said. */
export class UserHelper {
  private readonly helper: HelperChild;
  private readonly log: HelperLog;
  private readonly files: FileMessages;
  private dropped = 0;
  private readonly reading = new Map<number, TranscriptSession>();
  private readonly counts = new Map<number, number>();
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
      problem,
      restarts,
      floods,
      dropped,
      desktop: state === 'running' ? this.desktop : null,
    };
  }

  /** Turn ends and requests of an agent that its person has not seen. */
  unseen(pid: number): number {
    return this.counts.get(pid) ?? 0;
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
  read(session: TranscriptSession): void {
    this.reading.set(session.pid, session);
    this.helper.send(this.readingMessage());
  }

  readNoMore(pid: number): void {
    if (this.reading.delete(pid)) this.helper.send(this.readingMessage());
  }

  /** For how long nobody has needed it: there is nothing to be shown, and no file to be read. */
  idle_ms(needed: boolean): number {
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
    this.options.begun();
    return [this.options.config(), this.readingMessage()];
  }

  private readingMessage(): ToHelper {
    return { type: 'transcripts', sessions: [...this.reading.values()] };
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
        for (const [pid, count] of message.counts) if (find(pid)?.uid === uid) this.counts.set(pid, count);
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
