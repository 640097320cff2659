import { fileURLToPath } from 'node:url';
import { plainTitle } from '../agents/evidence/osc.js';
import type { Transition } from '../agents/model.js';
import type { Observation } from '../agents/observation.js';
import type { Session } from '../agents/tracker/session.js';
import type { Alert } from '../alerts/alert.js';
import type { HandHealth } from '../api/contract.js';
import { endingFields } from '../api/state-event.js';
import type { Config } from '../config/schema.js';
import type { Logger } from '../log/logger.js';
import { statFile } from '../proc/stat-file.js';
import { rssBytes } from '../proc/usage.js';
import type { Users } from '../proc/users.js';
import type {
  FromHand,
  HandAgent,
  HandAlert,
  HandConfig,
  HandDesktop,
  ToHand,
  WordsSession,
} from '../session/protocol.js';
import { variable } from '../session/terminal/tmux.js';
import { now } from '../time.js';
import type { AgentHome } from '../words/agent-home.js';
import type { WordsReader } from '../words/reader.js';
import { Hand } from './hand.js';
import { alertsFor } from './hand-alerts.js';
import { type HandPlace, type HandUser, handCommand } from './hand-command.js';
import { Turns } from './turns.js';

export const HAND_SCRIPT = fileURLToPath(new URL('../session/hand.js', import.meta.url));

/** A hand whose user has no agents any more stays for so long. */
const IDLE_MS = 60_000;
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

interface Kept {
  hand: Hand;
  words: Map<number, WordsSession>;
  unseen: Map<number, number>;
  /** What was last told, to tell only what is new. */
  told: string;
  toldAlerts: string;
  desktop: HandDesktop | null;
  idle_since_ms: number | null;
}

/** What a new hand knows of alerts. */
const NO_ALERTS = '[]';

/** The hands of all users whose agents are watched. */
export class Hands {
  private readonly hands = new Map<number, Kept>();
  private readonly turns = new Turns();
  /** Users that cannot have a hand, and why. */
  private readonly refused = new Map<number, string>();
  private alertList: readonly Alert[] = [];
  private scheduled = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;

  private config: Config;

  constructor(private readonly options: HandsOptions) {
    this.config = options.config;
  }

  /** Every hand is told, the running ones at once. */
  configure(config: Config): void {
    this.config = config;
    for (const { hand } of this.hands.values()) hand.send(this.configMessage());
  }

  private configMessage(): ToHand {
    return { type: 'config', config: handConfig(this.config, this.options.runtimeDir) };
  }

  start(): void {
    this.timer = setInterval(() => this.update(), IDLE_MS / 4);
    this.timer.unref();
    this.changed();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all([...this.hands.values()].map(({ hand }) => hand.stop()));
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
    const running = [...this.hands].map(
      ([uid, { hand, desktop }]): HandHealth => ({
        uid,
        user: users.name(uid),
        pid: hand.pid,
        state: hand.state,
        problem: hand.problem,
        restarts: hand.restarts,
        rss_bytes: hand.pid === null ? 0 : rssBytes(procRoot, hand.pid),
        desktop: hand.state === 'running' ? desktop : null,
      }),
    );
    const refused = [...this.refused].map(
      ([uid, problem]): HandHealth => ({
        uid,
        user: users.name(uid),
        pid: null,
        state: 'unavailable',
        problem,
        restarts: 0,
        rss_bytes: 0,
        desktop: null,
      }),
    );
    return [...running, ...refused];
  }

  observed(observation: Observation): void {
    // The words of a request may come after the request.
    if (observation.type === 'transcript' || observation.type === 'process') this.changed();
  }

  /** Turn ends and requests of an agent that its person has not seen. */
  unseen(session: Session): number {
    return this.hands.get(session.uid)?.unseen.get(session.pid) ?? 0;
  }

  pids(): number[] {
    return [...this.hands.values()].map(({ hand }) => hand.pid).filter(pid => pid !== null);
  }

  /** A reader for the files of a session that is not the daemon's own user's: its user's hand reads them. */
  reader(session: Session, home: AgentHome): WordsReader | null {
    const { place } = this.options;
    if (session.uid === place.euid) return null;
    const { uid, pid } = session;
    return {
      start: () => {
        const kept = this.hand(uid);
        if (kept === null) return;
        const { cwd, start_ticks, started_ms, session_id, kind } = session;
        kept.words.set(pid, { pid, kind: kind.name, uid, cwd, start_ticks, started_ms, session_id, home });
        this.tellWords(kept);
      },
      close: () => {
        const kept = this.hands.get(uid);
        if (kept?.words.delete(pid)) this.tellWords(kept);
      },
    };
  }

  private tellWords(kept: Kept): void {
    kept.hand.send({ type: 'words', sessions: [...kept.words.values()] });
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
    const byUser = new Map<number, Session[]>();
    for (const session of sessions) {
      if (this.isOthers(session)) continue;
      const own = byUser.get(session.uid);
      if (own === undefined) byUser.set(session.uid, [session]);
      else if (own.length < MAX_AGENTS) own.push(session);
    }
    for (const [uid, own] of byUser) {
      if (!this.hands.has(uid) && own.every(session => session.ending !== null)) continue;
      const kept = this.hand(uid);
      if (kept !== null) this.tell(kept, own);
    }
    const alerted = this.alertedUsers();
    for (const uid of alerted) this.hand(uid);
    for (const [uid, kept] of this.hands) {
      // A hand may be there to read files only, of agents that another daemon shows: it leaves the desktop alone.
      this.tellAlerts(kept, alerted.has(uid) || byUser.has(uid) ? alertsFor(uid, this.alertList) : []);
      this.retire(uid, kept, byUser.get(uid) ?? []);
    }
  }

  /** Those who are logged in, and whose processes an alert is about that is worth a popup. */
  private alertedUsers(): Set<number> {
    const uids = new Set<number>();
    for (const { status, severity, subject } of this.alertList) {
      const { uid, processes } = subject;
      const grave = severity === 'high' || severity === 'critical';
      if (uid === null || status !== 'open' || !grave || uids.has(uid)) continue;
      if (statFile(`${this.options.place.runtimeBase}/${uid}`)?.uid !== uid) continue;
      if (!processes.some(({ pid }) => this.namesAnother(pid))) uids.add(uid);
    }
    return uids;
  }

  private tellAlerts(kept: Kept, alerts: HandAlert[]): void {
    const told = JSON.stringify(alerts);
    if (told === kept.toldAlerts) return;
    kept.toldAlerts = told;
    kept.hand.send({ type: 'alerts', alerts });
  }

  private readonly others = new WeakMap<Session, boolean>();
  /** Its environment names the daemon that is to serve it (VIGIL_RUNTIME_DIR), and that is not this one. */
  private isOthers(session: Session): boolean {
    const known = this.others.get(session);
    if (known !== undefined) return known;
    const others = this.namesAnother(session.pid);
    this.others.set(session, others);
    return others;
  }

  private namesAnother(pid: number): boolean {
    const named = variable(this.options.procRoot, pid, 'VIGIL_RUNTIME_DIR');
    return named !== null && named !== '' && named !== this.options.runtimeDir;
  }

  private retire(uid: number, kept: Kept, own: Session[]): void {
    if (own.length === 0) this.tell(kept, []);
    const needed = own.some(session => session.ending === null) || this.alertedUsers().has(uid);
    if (kept.words.size > 0 || needed) {
      kept.idle_since_ms = null;
      return;
    }
    kept.idle_since_ms ??= now();
    if (now() - kept.idle_since_ms < IDLE_MS) return;
    this.hands.delete(uid);
    void kept.hand.stop();
  }

  private hand(uid: number): Kept | null {
    const existing = this.hands.get(uid);
    if (existing !== undefined) return existing;
    if (this.stopped || this.refused.has(uid)) return null;
    const command = handCommand(this.user(uid), this.options.place, this.runtimeOf(uid));
    if (command === null) {
      const why =
        this.options.place.euid === 0 ? 'setpriv (util-linux) is not installed' : 'vigil is not root';
      this.refused.set(uid, why);
      this.options.logger.warn({ uid, why }, 'no desktop and no session files for a user');
      return null;
    }
    const kept: Kept = {
      words: new Map(),
      unseen: new Map(),
      told: '',
      toldAlerts: NO_ALERTS,
      desktop: null,
      idle_since_ms: null,
      hand: null!,
    };
    kept.hand = new Hand({
      uid,
      command,
      logger: this.options.logger,
      greeting: () => {
        kept.told = '';
        kept.toldAlerts = NO_ALERTS;
        kept.desktop = null;
        kept.unseen.clear();
        this.changed();
        return [this.configMessage(), { type: 'words', sessions: [...kept.words.values()] }];
      },
      receive: message => this.receive(uid, kept, message),
    });
    this.hands.set(uid, kept);
    kept.hand.start();
    return kept;
  }

  private user(uid: number): HandUser {
    const { users, place } = this.options;
    const runtime = statFile(`${place.runtimeBase}/${uid}`);
    const gid = users.gid(uid) ?? (runtime?.uid === uid ? runtime.gid : uid);
    return { uid, gid, name: users.name(uid), home: users.home(uid) ?? '/' };
  }

  /** What an agent of the user says its runtime directory is; for systems that have it elsewhere. */
  private runtimeOf(uid: number): string | null {
    for (const { pid, uid: owner, ending } of this.options.sessions()) {
      if (owner !== uid || ending !== null) continue;
      const said = variable(this.options.procRoot, pid, 'XDG_RUNTIME_DIR');
      if (said !== null) return said;
    }
    return null;
  }

  private tell(kept: Kept, sessions: Session[]): void {
    const now_ms = now();
    const agents = sessions.map(session => handAgent(session, this.turns.worked(session.pid, now_ms)));
    // Titles spin and work goes on: neither is news.
    const told = JSON.stringify(agents.map(agent => ({ ...agent, title: null, worked_ms: 0 })));
    if (told === kept.told) return;
    kept.told = told;
    kept.hand.send({ type: 'agents', agents });
  }

  /** A hand is its user's puppet: it may speak of that user's agents, and time is ours. */
  private receive(uid: number, kept: Kept, message: FromHand): void {
    if (message.type === 'log') {
      this.options.logger[message.level]({ ...message.fields, uid }, message.message);
      return;
    }
    if (message.type === 'unseen') {
      kept.unseen.clear();
      for (const [pid, count] of message.counts)
        if (this.options.find(pid)?.uid === uid) kept.unseen.set(pid, count);
      return;
    }
    if (message.type === 'pong') return;
    if (message.type === 'desktop') {
      kept.desktop = message.desktop;
      return;
    }
    const session = this.options.find(message.pid);
    if (session === undefined || session.uid !== uid || !kept.words.has(message.pid)) return;
    this.options.feed({ ...message, time_ms: now() });
  }
}

function handConfig({ notifications, badges, tray }: Config, runtime_dir: string): HandConfig {
  return { notifications, badges, tray, runtime_dir };
}

export function handAgent(session: Session, worked_ms: number): HandAgent {
  const ending = session.ending === null ? null : endingFields(session.ending);
  return {
    pid: session.pid,
    kind: session.kind.name.slice(0, 64),
    label: session.kind.label.slice(0, 64),
    state: session.state,
    reason: session.reason,
    since_ms: session.since_ms,
    interactive: session.interactive,
    tty: session.tty?.slice(0, 64) ?? null,
    cwd: session.cwd?.slice(0, 4096) ?? null,
    title: session.title === null ? null : plainTitle(session.title).slice(0, 512),
    started_ms: session.started_ms,
    asks: asks(session),
    worked_ms,
    has_worked: session.has_worked,
    exit_code: ending?.exit_code ?? null,
    signal: ending?.signal ?? null,
  };
}

/** What a waiting agent asks for, in a few words, where its transcript says so. */
export function asks(session: Session): string | null {
  if (session.state !== 'WAITING' || (session.reason !== 'approval' && session.reason !== 'question'))
    return null;
  const entry = session.signals.transcript?.entry;
  if (entry === undefined || (entry.phase !== 'tool' && entry.phase !== 'question')) return null;
  return entry.detail?.slice(0, 500) ?? null;
}
