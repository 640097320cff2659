import type { Session } from '../../agents/tracker/session.js';
import type { AgentPlace, AgentPlaces } from '../../agents/transcripts/agent-place.js';
import type { AgentFileReader } from '../../agents/transcripts/reader.js';
import type { Bus } from '../../bus.js';
import { openRoot } from '../../lib/files/file-tree.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Lookup, Users } from '../../lib/os/users.js';
import { pathInside } from '../../lib/proc/namespaces.js';
import { processKey } from '../../lib/process/identity.js';
import { nextTurn } from '../../lib/time/slices.js';
import { now } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import type { HelperHealth } from '../../model/helper-health.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { Observation } from '../../model/observation.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { maySee, type Viewer } from '../../model/viewer.js';
import { rssBytes } from '../../sources/procfs/usage.js';
import type { HelperAgent, HelperConfig, ToHelper, TranscriptSession } from '../desktop/protocol.js';
import { HelperAdmission } from './helper-admission.js';
import { helperAgent } from './helper-agent.js';
import { alertedUsers, alertsFor } from './helper-alerts.js';
import type { HelperPlace } from './helper-command.js';
import { OtherDaemons } from './other-daemons.js';
import { ShownAlerts } from './shown-alerts.js';
import { type OpenRoot, UserHelper } from './user-helper.js';
import { WorkTimer } from './work-timer.js';

/** A helper whose user has no agents any more stays for so long. */
const IDLE_MS = 60_000;

/** More than these are not told of; nobody has so many. */
const MAX_AGENTS = 2_000;

type PoolConfig = Omit<HelperConfig, 'runtime_dir'>;

export interface HelperPoolOptions {
  config: PoolConfig;
  logger: Logger;
  bus: Bus;
  users: Users;
  agents: { sessions(): Session[]; find(id: number): Session | undefined };
  /** Where each agent runs. */
  places: Pick<AgentPlaces, 'of'>;
  place: HelperPlace;
  procRoot: string;
  /** Of this daemon. */
  runtimeDir: string;
  /** What a person could copy to end the trouble; null: nothing is suggested, or there is nothing to run. */
  suggestedCommand(alert: Alert): Promise<string | null>;
  /** An alert as that user may know it; null: not at all. */
  alertFor(alert: Alert, uid: number): Alert | null;
}

/**
 * A helper for each user whose agents are watched: it shows what concerns them on their desktop, and reads their
 * agents' files (`agent.file_read`). An open alert about a user's processes brings one, too, if they are logged in:
 * agents may be gone while what they left behind makes trouble.
 */
export class HelperPool implements Module<PoolConfig> {
  readonly name = 'user helpers';
  private readonly helpers = new Map<number, UserHelper>();
  private readonly admission: HelperAdmission;
  private readonly work = new WorkTimer();
  private readonly shown: ShownAlerts;
  private readonly others: OtherDaemons;
  private readonly starting = new Set<number>();
  private starts: Promise<void> = Promise.resolve();
  /** What helpers are to read, by the agent's pid: one that comes later reads it too. */
  private readonly reading = new Map<number, { session: TranscriptSession; openRoot: OpenRoot | null }>();
  private scheduled = false;
  private stopped = false;
  private timer: NodeJS.Timeout | null = null;
  private config: PoolConfig;
  private readonly ends: readonly (() => void)[];

  constructor(private readonly options: HelperPoolOptions) {
    const { bus, procRoot, runtimeDir, suggestedCommand } = options;
    this.config = options.config;
    this.admission = new HelperAdmission(options);
    this.shown = new ShownAlerts(suggestedCommand);
    this.others = new OtherDaemons(procRoot, runtimeDir);
    this.ends = [
      bus.on(this.name, 'agent.transition', ({ transition }) => {
        this.work.take(transition);
        this.changed();
      }),
      bus.on(this.name, 'agent.observation', observation => this.observed(observation)),
      bus.on(this.name, 'alert.changed', async change => {
        await this.shown.hear(change);
        this.changed();
      }),
      bus.on(this.name, 'alert.restored', async open => {
        await this.shown.restore(open);
        this.changed();
      }),
    ];
  }

  /** Every helper is told, the running ones at once. */
  configure(config: PoolConfig): void {
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
    for (const end of this.ends) end();
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all([...this.helpers.values()].map(helper => helper.stop()));
    for (const uid of this.helpers.keys()) this.options.place.release?.(uid);
    this.helpers.clear();
  }

  health(viewer: Viewer): ModuleHealth {
    const problems = this.states(viewer)
      .filter(({ problem }) => problem !== null)
      .map(({ user, problem }) => `helper of ${user}: ${problem}`);
    return { problems };
  }

  /** One for each user that has a helper, or should have, as far as it is the viewer's. */
  states(viewer: Viewer): HelperHealth[] {
    const { users, procRoot } = this.options;
    const running = [...this.helpers].map(([uid, helper]): HelperHealth => {
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
    const refused = [...this.admission.refused()].map(
      ([uid, problem]): HelperHealth => ({ uid, user: users.name(uid), problem, ...none }),
    );
    return [...running, ...refused].filter(({ uid }) => maySee(viewer, uid));
  }

  /** Turn ends and requests of an agent that its person has not seen. */
  unseen(session: Session): number {
    return this.helpers.get(session.uid)?.unseen(session.id) ?? 0;
  }

  /** What shows a session that nobody looks at; null: somebody does, or it is in no multiplexer. */
  attach(session: Session): string | null {
    return this.helpers.get(session.uid)?.attach(session.id) ?? null;
  }

  /**
   * A reader for the files of a session that is not the daemon's own user's: its user's helper reads them. Root's are read
   * there, too, where they are a container's: its helper is root without any capability.
   */
  reader(session: Session, folder: string, { inside }: AgentPlace): AgentFileReader | null {
    const { euid } = this.options.place;
    if (session.uid === euid && (euid !== 0 || !inside.other_mounts)) return null;
    const { uid, pid } = session;
    return {
      start: () => {
        const { start_ticks, started_ms, session_id, type, mode } = session;
        const cwd = pathInside(session.cwd, inside);
        const reading = {
          ...{ pid, mode, agent_type: type.name, uid, cwd, start_ticks, started_ms, session_id, folder },
          inside: { pid: inside.pid, ticks_offset: inside.ticks_offset },
          root: inside.other_mounts ? processKey(session) : null,
        };
        const identity = { pid, start_ticks };
        const opens = inside.other_mounts ? () => openRoot(this.options.procRoot, identity) : null;
        this.reading.set(pid, { session: reading, openRoot: opens });
        const helper = this.helpers.get(uid);
        if (helper === undefined) this.want(uid);
        else helper.read(reading, opens);
      },
      close: () => {
        this.reading.delete(pid);
        this.helpers.get(uid)?.readNoMore(pid);
      },
    };
  }

  private observed(observation: Observation): void {
    if (observation.type === 'sensor') this.work.slept(observation.slept_ms ?? 0);
    // What a request is about may come after the request.
    if (observation.type === 'transcript' || observation.type === 'process') this.changed();
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
    return [...this.reading.values()].some(({ session }) => session.uid === uid);
  }

  private update(): void {
    if (this.stopped) return;
    const sessions = this.options.agents.sessions();
    this.work.forgetAllBut(new Set(sessions.map(session => session.id)));
    const agents = byUser(sessions.filter(session => !this.others.serve(session)));
    const alerts = this.shown.list();
    const isLoggedIn = (uid: number) => this.admission.isLoggedIn(uid);
    const areOthers = (processes: readonly ProcessRef[]) => this.others.areNamedByOneOf(processes);
    const alerted = alertedUsers(alerts, isLoggedIn, areOthers);
    const lives = (session: Session) => session.ending === null;
    for (const [uid, own] of agents) if (own.some(lives)) this.want(uid);
    for (const uid of alerted) this.want(uid);
    const now_ms = now();
    for (const [uid, helper] of this.helpers) {
      const own = agents.get(uid) ?? [];
      helper.tellAgents(own.map(session => this.toldOf(session, now_ms)));
      // It may be there to read files only, of agents that another daemon shows: it leaves the desktop alone.
      const isShown = own.length > 0 || alerted.has(uid);
      helper.tellAlerts(isShown ? alertsFor(uid, this.asSeenBy(uid, alerts)) : []);
      if (helper.idle_ms(own.some(lives) || alerted.has(uid)) < IDLE_MS) continue;
      this.remove(uid);
    }
    this.admission.forgetAllBut(uid => agents.has(uid) || alerted.has(uid) || this.isToRead(uid));
  }

  private toldOf(session: Session, now_ms: number): HelperAgent {
    const { container } = this.options.places.of(session);
    return helperAgent(session, this.work.worked(session.id, now_ms), container);
  }

  private asSeenBy(uid: number, alerts: readonly Alert[]): Alert[] {
    return alerts.map(alert => this.options.alertFor(alert, uid)).filter(alert => alert !== null);
  }

  /** Starts one unless there is one, it is being started, or there can be none now. */
  private want(uid: number): void {
    if (this.stopped || this.helpers.has(uid) || this.starting.has(uid)) return;
    if (!this.admission.mayAsk(uid)) return;
    this.starting.add(uid);
    // One in a turn of the event loop, which stands still until the process is there: some 8 ms.
    this.starts = this.starts.then(nextTurn).then(() => this.lookUp(uid));
  }

  private lookUp(uid: number): void {
    const { users, logger } = this.options;
    const begin = (found: Lookup) => {
      this.starting.delete(uid);
      try {
        this.begin(uid, found);
      } catch (error) {
        logger.error({ uid, err: error }, 'the helper of a user cannot be started');
      }
    };
    const known = users.local(uid);
    if (known !== undefined) begin(known);
    else void users.lookup(uid).then(begin);
  }

  private begin(uid: number, found: Lookup): void {
    if (this.stopped || this.helpers.has(uid)) return;
    const { agents, bus, logger } = this.options;
    const sessions = agents.sessions().filter(session => session.uid === uid);
    const admitted = this.admission.admit(uid, found, sessions, this.shown.list());
    if (admitted === null) return;
    const { command, user } = admitted;
    const helper = new UserHelper({
      uid,
      command,
      logger,
      find: id => agents.find(id),
      feed: observation => bus.emit('agent.file_read', observation),
      seen: () => bus.emit('agent.seen', uid),
      config: () => this.configMessage(),
      begun: () => this.changed(),
      stillborn: said => {
        const isUnreadable = this.admission.isUnreadable(user, said);
        if (isUnreadable) this.remove(uid);
        return isUnreadable;
      },
    });
    this.helpers.set(uid, helper);
    helper.start();
    for (const { session, openRoot } of this.reading.values())
      if (session.uid === uid) helper.read(session, openRoot);
  }

  private remove(uid: number): void {
    const helper = this.helpers.get(uid);
    this.helpers.delete(uid);
    this.admission.left(uid);
    void helper?.stop().then(() => {
      if (!this.helpers.has(uid)) this.options.place.release?.(uid);
    });
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
