import type { Transition } from '../agents/model.js';
import type { Observation } from '../agents/observation.js';
import type { Session } from '../agents/tracker/session.js';
import type { Alert } from '../alerts/alert.js';
import type { HandHealth } from '../api/contract.js';
import type { ProcessRef } from '../collectors/snapshot.js';
import type { Config } from '../config/schema.js';
import type { Logger } from '../log/logger.js';
import { statFile } from '../proc/stat-file.js';
import { rssBytes } from '../proc/usage.js';
import type { Users } from '../proc/users.js';
import type { ToHand, WordsSession } from '../session/protocol.js';
import { now } from '../time.js';
import type { AgentHome } from '../words/agent-home.js';
import type { WordsReader } from '../words/reader.js';
import { handAgent } from './hand-agent.js';
import { alertedUsers, alertsFor } from './hand-alerts.js';
import { type HandPlace, handCommand, handUser, saidRuntimeDir } from './hand-command.js';
import { OtherDaemons } from './other-daemons.js';
import { Turns } from './turns.js';
import { UserHand } from './user-hand.js';

/** A hand whose user has no agents any more stays for so long. */
const IDLE_MS = 60_000;
/** What a hand cannot be started for may have come by then: an upgrade takes a program away for a moment. */
const REFUSED_MS = 10 * 60_000;
/** More than these are not told of; nobody has so many. */
const MAX_AGENTS = 2_000;

export interface HandsOptions {
  config: Config;
  logger: Logger;
  users: Users;
  sessions(): Session[];
  find(pid: number): Session | undefined;
  feed(observation: Observation): void;
  place: HandPlace;
  procRoot: string;
  /** Of this daemon. */
  runtimeDir: string;
}

/** The hands of all users whose agents are watched. */
export class Hands {
  private readonly hands = new Map<number, UserHand>();
  private readonly turns = new Turns();
  private readonly others: OtherDaemons;
  /** Users that cannot have a hand now, why, and when that was looked at last. */
  private readonly refused = new Map<number, { why: string; at_ms: number }>();
  /** What hands are to read, by the agent's pid: one that comes later reads it too. */
  private readonly words = new Map<number, WordsSession>();
  private alertList: readonly Alert[] = [];
  private scheduled = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;
  private config: Config;

  constructor(private readonly options: HandsOptions) {
    this.config = options.config;
    this.others = new OtherDaemons(options.procRoot, options.runtimeDir);
  }

  /** Every hand is told, the running ones at once. */
  configure(config: Config): void {
    this.config = config;
    for (const hand of this.hands.values()) hand.configure();
  }

  start(): void {
    this.timer = setInterval(() => this.update(), IDLE_MS / 4);
    this.timer.unref();
    this.changed();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all([...this.hands.values()].map(hand => hand.stop()));
    this.hands.clear();
  }

  transition(transition: Transition): void {
    this.turns.take(transition);
    this.changed();
  }

  /**
   * All alerts as they are now: open ones, and resolved ones as long as one likes. Each user is told of their
   * own and of the machine's. An open alert about a user's processes brings a hand for them if they are logged
   * in: agents may be gone while what they left behind makes trouble.
   */
  alerts(list: readonly Alert[]): void {
    this.alertList = list;
    this.changed();
  }

  /** For `vigil health`: one entry for each user that has a hand, or should have. */
  health(): HandHealth[] {
    const { users, procRoot } = this.options;
    const running = [...this.hands].map(([uid, hand]): HandHealth => {
      const { pid, ...health } = hand.health();
      const rss_bytes = pid === null ? 0 : rssBytes(procRoot, pid);
      return { uid, user: users.name(uid), pid, ...health, rss_bytes };
    });
    const none = {
      pid: null,
      state: 'unavailable',
      restarts: 0,
      floods: 0,
      dropped: 0,
      rss_bytes: 0,
      desktop: null,
    } as const;
    const refused = [...this.refused].map(
      ([uid, { why }]): HandHealth => ({ uid, user: users.name(uid), problem: why, ...none }),
    );
    return [...running, ...refused];
  }

  observed(observation: Observation): void {
    if (observation.type === 'sensor') this.turns.slept(observation.slept_ms ?? 0);
    // The words of a request may come after the request.
    if (observation.type === 'transcript' || observation.type === 'process') this.changed();
  }

  /** Turn ends and requests of an agent that its person has not seen. */
  unseen(session: Session): number {
    return this.hands.get(session.uid)?.unseen(session.pid) ?? 0;
  }

  /** A reader for the files of a session that is not the daemon's own user's: its user's hand reads them. */
  reader(session: Session, home: AgentHome): WordsReader | null {
    if (session.uid === this.options.place.euid) return null;
    const { uid, pid } = session;
    return {
      start: () => {
        const { cwd, start_ticks, started_ms, session_id, kind } = session;
        const words = { pid, kind: kind.name, uid, cwd, start_ticks, started_ms, session_id, home };
        this.words.set(pid, words);
        const hand = this.hands.get(uid);
        if (hand === undefined) this.hand(uid);
        else hand.read(words);
      },
      close: () => {
        this.words.delete(pid);
        this.hands.get(uid)?.readNoMore(pid);
      },
    };
  }

  /** At the end of this turn of the event loop: several changes are told as one. */
  private changed(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.update();
    });
  }

  private update(): void {
    if (this.stopped) return;
    const sessions = this.options.sessions();
    this.turns.forgetAllBut(new Set(sessions.map(session => session.pid)));
    const agents = byUser(sessions.filter(session => !this.others.serve(session)));
    const isLoggedIn = (uid: number) => statFile(`${this.options.place.runtimeBase}/${uid}`)?.uid === uid;
    const areOthers = (processes: readonly ProcessRef[]) => this.others.areNamedByOneOf(processes);
    const alerted = alertedUsers(this.alertList, isLoggedIn, areOthers);
    const lives = (session: Session) => session.ending === null;
    for (const [uid, own] of agents) if (own.some(lives)) this.hand(uid);
    for (const uid of alerted) this.hand(uid);
    const now_ms = now();
    for (const [uid, hand] of this.hands) {
      const own = agents.get(uid) ?? [];
      hand.tellAgents(own.map(session => handAgent(session, this.turns.worked(session.pid, now_ms))));
      // A hand may be there to read files only, of agents that another daemon shows: it leaves the desktop alone.
      hand.tellAlerts(own.length > 0 || alerted.has(uid) ? alertsFor(uid, this.alertList) : []);
      if (hand.idle_ms(own.some(lives) || alerted.has(uid)) < IDLE_MS) continue;
      this.hands.delete(uid);
      void hand.stop();
    }
  }

  private hand(uid: number): UserHand | null {
    const existing = this.hands.get(uid);
    if (existing !== undefined) return existing;
    const refusal = this.refused.get(uid);
    if (this.stopped || (refusal !== undefined && now() - refusal.at_ms < REFUSED_MS)) return null;
    const { users, place, procRoot, logger, find, feed } = this.options;
    const said = saidRuntimeDir(uid, this.options.sessions(), procRoot);
    const command = handCommand(handUser(uid, users, place), place, said);
    if (command === null) {
      const why = place.euid === 0 ? 'setpriv (util-linux) is not installed' : 'vigil is not root';
      this.refused.set(uid, { why, at_ms: now() });
      if (why !== refusal?.why) logger.warn({ uid, why }, 'no desktop and no session files for a user');
      return null;
    }
    this.refused.delete(uid);
    const config = () => this.configMessage();
    const hand = new UserHand({ uid, command, logger, find, feed, config, begun: () => this.changed() });
    this.hands.set(uid, hand);
    hand.start();
    for (const words of this.words.values()) if (words.uid === uid) hand.read(words);
    return hand;
  }

  private configMessage(): ToHand {
    const { notifications, badges, tray } = this.config;
    return { type: 'config', config: { notifications, badges, tray, runtime_dir: this.options.runtimeDir } };
  }
}

function byUser(sessions: readonly Session[]): Map<number, Session[]> {
  const users = new Map<number, Session[]>();
  for (const session of sessions) {
    const own = users.get(session.uid);
    if (own === undefined) users.set(session.uid, [session]);
    else if (own.length < MAX_AGENTS) own.push(session);
  }
  return users;
}
