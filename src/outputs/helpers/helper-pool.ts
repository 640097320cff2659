import { createRequire } from 'node:module';
import type { Session } from '../../agents/tracker/session.js';
import type { AgentHome } from '../../agents/transcripts/agent-home.js';
import type { WordsReader } from '../../agents/transcripts/reader.js';
import type { HandHealth } from '../../api/contract.js';
import type { Config } from '../../config/schema.js';
import { statFile } from '../../lib/files/stat-file.js';
import { Rate } from '../../lib/limits/rate.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Lookup, Users } from '../../lib/os/users.js';
import { now } from '../../lib/time/time.js';
import type { Transition } from '../../model/agent.js';
import type { Alert } from '../../model/alert.js';
import type { Observation } from '../../model/observation.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { rssBytes } from '../../sources/procfs/usage.js';
import type { ToHelper, WordsSession } from '../desktop/protocol.js';
import { helperAgent } from './helper-agent.js';
import { alertedUsers, alertsFor } from './helper-alerts.js';
import {
  cannotBecomeOthers,
  gidOfProcess,
  type HelperPlace,
  type HelperUser,
  helperCommand,
  helperUser,
  saidRuntimeDir,
} from './helper-command.js';
import { OtherDaemons } from './other-daemons.js';
import { unreadable } from './readable.js';
import { UserHelper } from './user-helper.js';
import { WorkTimer } from './work-timer.js';

/** A helper whose user has no agents any more stays for so long. */
const IDLE_MS = 60_000;
/** What a helper cannot be started for may have come by then: an upgrade takes a program away for a moment. */
const REFUSED_MS = 10 * 60_000;
/** A user database that did not answer may answer by then. */
const ASK_AGAIN_MS = 60_000;
/** More refusals are not shown. */
const MAX_REFUSED = 100;
const WARNINGS_PER_S = 1 / 60;
const WARNINGS_AT_ONCE = 20;
/** Of a user's processes that may tell their group. */
const MAX_ASKED = 16;

/**
 * A helper costs 70 MB and a dozen threads. Who has logged in has a desktop or a shell: as many as share a machine. Who
 * has not runs agents as a service, or in a container: their files are read, no more, and for fewer of them. Numbers
 * that no user database knows can be made at will (user namespaces).
 */
const MAX_HELPERS = { with_login: 16, without_login: 4, unknown: 2 } as const;
type UserKind = keyof typeof MAX_HELPERS;
const KIND_TEXT = {
  with_login: '',
  without_login: 'without a login session',
  unknown: 'that no user database knows',
} as const;

/** What a helper loads beside its own code; it lies beside it. */
const NATIVE_MODULE = createRequire(import.meta.url).resolve('koffi');

/** More than these are not told of; nobody has so many. */
const MAX_AGENTS = 2_000;

export interface HelperPoolOptions {
  config: Config;
  logger: Logger;
  users: Users;
  sessions(): Session[];
  find(pid: number): Session | undefined;
  feed(observation: Observation): void;
  place: HelperPlace;
  procRoot: string;
  /** Of this daemon. */
  runtimeDir: string;
  /** An alert as that user may know it; null: not at all. Without it: as it is. */
  alertFor?(alert: Alert, uid: number): Alert | null;
}

/** The helpers of all users whose agents are watched. */
export class HelperPool {
  private readonly helpers = new Map<number, UserHelper>();
  private readonly turns = new WorkTimer();
  private readonly others: OtherDaemons;
  /** Users that cannot have a helper now, why, and when that is looked at again. */
  private readonly refused = new Map<number, { why: string; until_ms: number }>();
  private readonly starting = new Set<number>();
  /** Of the users that have helpers. */
  private readonly kinds = new Map<number, UserKind>();
  private readonly warnings = new Rate(WARNINGS_PER_S, WARNINGS_AT_ONCE);
  /** What helpers are to read, by the agent's pid: one that comes later reads it too. */
  private readonly words = new Map<number, WordsSession>();
  private alertList: readonly Alert[] = [];
  private scheduled = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;
  private config: Config;

  constructor(private readonly options: HelperPoolOptions) {
    this.config = options.config;
    this.others = new OtherDaemons(options.procRoot, options.runtimeDir);
  }

  /** Every helper is told, the running ones at once. */
  configure(config: Config): void {
    this.config = config;
    for (const helper of this.helpers.values()) helper.configure();
  }

  start(): void {
    this.timer = setInterval(() => this.update(), IDLE_MS / 4);
    this.timer.unref();
    this.changed();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all([...this.helpers.values()].map(helper => helper.stop()));
    for (const uid of this.helpers.keys()) this.options.place.release?.(uid);
    this.helpers.clear();
  }

  transition(transition: Transition): void {
    this.turns.take(transition);
    this.changed();
  }

  /**
   * All alerts as they are now: open ones, and resolved ones as long as one likes. Each user is told of their
   * own and of the machine's. An open alert about a user's processes brings a helper for them if they are logged
   * in: agents may be gone while what they left behind makes trouble.
   */
  alerts(list: readonly Alert[]): void {
    this.alertList = list;
    this.changed();
  }

  /** For `vigil health`: one entry for each user that has a helper, or should have. */
  health(): HandHealth[] {
    const { users, procRoot } = this.options;
    const running = [...this.helpers].map(([uid, helper]): HandHealth => {
      const { pid, ...health } = helper.health();
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
    return this.helpers.get(session.uid)?.unseen(session.pid) ?? 0;
  }

  /** A reader for the files of a session that is not the daemon's own user's: its user's helper reads them. */
  reader(session: Session, home: AgentHome): WordsReader | null {
    if (session.uid === this.options.place.euid) return null;
    const { uid, pid } = session;
    return {
      start: () => {
        const { cwd, start_ticks, started_ms, session_id, type } = session;
        const words = { pid, kind: type.name, uid, cwd, start_ticks, started_ms, session_id, home };
        this.words.set(pid, words);
        const helper = this.helpers.get(uid);
        if (helper === undefined) this.helper(uid);
        else helper.read(words);
      },
      close: () => {
        this.words.delete(pid);
        this.helpers.get(uid)?.readNoMore(pid);
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

  private isToRead(uid: number): boolean {
    return [...this.words.values()].some(words => words.uid === uid);
  }

  private update(): void {
    if (this.stopped) return;
    const sessions = this.options.sessions();
    this.turns.forgetAllBut(new Set(sessions.map(session => session.pid)));
    const agents = byUser(sessions.filter(session => !this.others.serve(session)));
    const isLoggedIn = (uid: number) => this.isLoggedIn(uid);
    const areOthers = (processes: readonly ProcessRef[]) => this.others.areNamedByOneOf(processes);
    const alerted = alertedUsers(this.alertList, isLoggedIn, areOthers);
    const lives = (session: Session) => session.ending === null;
    for (const [uid, own] of agents) if (own.some(lives)) this.helper(uid);
    for (const uid of alerted) this.helper(uid);
    const now_ms = now();
    for (const [uid, helper] of this.helpers) {
      const own = agents.get(uid) ?? [];
      helper.tellAgents(own.map(session => helperAgent(session, this.turns.worked(session.pid, now_ms))));
      // A helper may be there to read files only, of agents that another daemon shows: it leaves the desktop alone.
      helper.tellAlerts(own.length > 0 || alerted.has(uid) ? alertsFor(uid, this.seenBy(uid)) : []);
      if (helper.idle_ms(own.some(lives) || alerted.has(uid)) < IDLE_MS) continue;
      this.remove(uid);
    }
    for (const uid of this.refused.keys())
      if (!agents.has(uid) && !alerted.has(uid) && !this.isToRead(uid)) this.refused.delete(uid);
  }

  /** As that user may know them. */
  private seenBy(uid: number): Alert[] {
    const { alertFor = alert => alert } = this.options;
    return this.alertList.map(alert => alertFor(alert, uid)).filter(alert => alert !== null);
  }

  /** Starts one unless there is one, it is being started, or there can be none now. */
  private helper(uid: number): void {
    const refusal = this.refused.get(uid);
    if (this.stopped || this.helpers.has(uid) || this.starting.has(uid)) return;
    if (refusal !== undefined && now() < refusal.until_ms) return;
    const { users, place } = this.options;
    const own = uid === place.euid && place.euid !== 0;
    const why = own ? null : cannotBecomeOthers(place);
    if (why !== null) {
      this.refuse(uid, why, REFUSED_MS);
      return;
    }
    const known = users.local(uid);
    if (known !== undefined) {
      this.begin(uid, known);
      return;
    }
    this.starting.add(uid);
    void users.lookup(uid).then(found => {
      this.starting.delete(uid);
      this.begin(uid, found);
    });
  }

  private begin(uid: number, found: Lookup): void {
    if (this.stopped || this.helpers.has(uid)) return;
    const { place, procRoot, logger, find, feed } = this.options;
    const full = this.noRoomFor(uid, found);
    if (full !== null) {
      this.refuse(uid, full, 0);
      return;
    }
    const sessions = this.options.sessions().filter(session => session.uid === uid);
    const gid = () => this.gidOf(uid, sessions);
    const user = helperUser(uid, found, gid, place);
    if (typeof user === 'string') {
      this.refuse(uid, user, ASK_AGAIN_MS);
      return;
    }
    const command = helperCommand(user, place, saidRuntimeDir(uid, sessions, procRoot));
    if (command === null) {
      this.refuse(uid, cannotBecomeOthers(place) ?? 'vigil is not root', REFUSED_MS);
      return;
    }
    this.refused.delete(uid);
    const config = () => this.configMessage();
    const begun = () => this.changed();
    const stillborn = (said: string) => this.isUnreadable(user, said);
    const helper = new UserHelper({ uid, command, logger, find, feed, config, begun, stillborn });
    this.helpers.set(uid, helper);
    this.kinds.set(uid, this.kindOf(uid, found));
    helper.start();
    for (const words of this.words.values()) if (words.uid === uid) helper.read(words);
  }

  /** A uid that nobody has logged in as may be any of four billion: each kind of user has a share of its own. */
  private noRoomFor(uid: number, found: Lookup): string | null {
    const kind = this.kindOf(uid, found);
    const others = [...this.kinds.values()].filter(other => other === kind).length;
    return others < MAX_HELPERS[kind]
      ? null
      : `${others} other users ${KIND_TEXT[kind]} have helpers already`;
  }

  private kindOf(uid: number, found: Lookup): UserKind {
    if (this.isLoggedIn(uid) || uid === this.options.place.euid) return 'with_login';
    return typeof found === 'string' ? 'unknown' : 'without_login';
  }

  private isLoggedIn(uid: number): boolean {
    return statFile(`${this.options.place.runtimeBase}/${uid}`)?.uid === uid;
  }

  private gidOf(uid: number, sessions: readonly Session[]): number | null {
    const alerted = this.alertList.flatMap(({ subject }) =>
      subject.uid === uid ? subject.processes.slice(0, MAX_ASKED) : [],
    );
    const living = sessions.filter(session => session.ending === null);
    for (const { pid } of [...living, ...alerted].slice(0, MAX_ASKED)) {
      const gid = gidOfProcess(this.options.procRoot, pid, uid);
      if (gid !== null) return gid;
    }
    return null;
  }

  /** vigil may lie in a folder that is closed to others, root's home say: no try after this one would fare better. */
  private isUnreadable(user: HelperUser, said: string): boolean {
    const { place } = this.options;
    const why = [place.node, place.script, NATIVE_MODULE]
      .map(path => unreadable(path, user))
      .find(reason => reason !== null);
    if (
      why === undefined ||
      !/cannot find (module|package)|permission denied|EACCES|failed to execute/i.test(said)
    )
      return false;
    this.remove(user.uid);
    this.refuse(
      user.uid,
      `vigil's own program cannot be read by them: ${why}; install vigil (make install), or move it where all may read it`,
      REFUSED_MS,
    );
    return true;
  }

  private remove(uid: number): void {
    const helper = this.helpers.get(uid);
    this.helpers.delete(uid);
    this.kinds.delete(uid);
    void helper?.stop().then(() => {
      if (!this.helpers.has(uid)) this.options.place.release?.(uid);
    });
  }

  private refuse(uid: number, why: string, for_ms: number): void {
    const before = this.refused.get(uid);
    if (before === undefined && this.refused.size >= MAX_REFUSED) return;
    this.refused.set(uid, { why, until_ms: now() + for_ms });
    if (why !== before?.why && this.warnings.take())
      this.options.logger.warn({ uid, why }, 'no desktop and no session files for a user');
  }

  private configMessage(): ToHelper {
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
