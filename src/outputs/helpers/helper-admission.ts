import { createRequire } from 'node:module';
import type { Session } from '../../agents/tracker/session.js';
import { statFile } from '../../lib/files/stat-file.js';
import { Rate } from '../../lib/limits/rate.js';
import type { Logger } from '../../lib/log/logger.js';
import type { Lookup } from '../../lib/os/users.js';
import { now } from '../../lib/time/time.js';
import type { Alert } from '../../model/alert.js';
import type { HelperCommand } from './helper-child.js';
import {
  cannotBecomeOthers,
  gidOfProcess,
  type HelperPlace,
  type HelperUser,
  helperCommand,
  helperUser,
  saidRuntimeDir,
} from './helper-command.js';
import { unreadable } from './readable.js';

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

export interface HelperAdmissionOptions {
  logger: Logger;
  place: HelperPlace;
  procRoot: string;
}

export interface Admitted {
  user: HelperUser;
  command: HelperCommand;
}

/** Who may have a helper now, as whom it is to run, and why others have none. */
export class HelperAdmission {
  /** Users that cannot have one now, why, and when that is looked at again. */
  private readonly refusals = new Map<number, { why: string; until_ms: number }>();
  /** Of the users that have one. */
  private readonly kinds = new Map<number, UserKind>();
  private readonly warnings = new Rate(WARNINGS_PER_S, WARNINGS_AT_ONCE);

  constructor(private readonly options: HelperAdmissionOptions) {}

  /** In words, by uid. */
  *refused(): Iterable<readonly [uid: number, why: string]> {
    for (const [uid, { why }] of this.refusals) yield [uid, why];
  }

  /** Those that nobody wants a helper for any more are not spoken of. */
  forgetAllBut(isWanted: (uid: number) => boolean): void {
    for (const uid of this.refusals.keys()) if (!isWanted(uid)) this.refusals.delete(uid);
  }

  /** Whether it is worth asking who that is. */
  mayAsk(uid: number): boolean {
    const refusal = this.refusals.get(uid);
    if (refusal !== undefined && now() < refusal.until_ms) return false;
    const { place } = this.options;
    const own = uid === place.euid && place.euid !== 0;
    const why = own ? null : cannotBecomeOthers(place);
    if (why !== null) this.refuse(uid, why, REFUSED_MS);
    return why === null;
  }

  /** Null: not now; `refused` says why. */
  admit(uid: number, found: Lookup, sessions: readonly Session[], alerts: readonly Alert[]): Admitted | null {
    const { place, procRoot } = this.options;
    const full = this.noRoomFor(uid, found);
    if (full !== null) return this.refuse(uid, full, 0);
    const user = helperUser(uid, found, () => this.gidOf(uid, sessions, alerts), place);
    if (typeof user === 'string') return this.refuse(uid, user, ASK_AGAIN_MS);
    const command = helperCommand(user, place, saidRuntimeDir(uid, sessions, procRoot));
    if (command === null)
      return this.refuse(uid, cannotBecomeOthers(place) ?? 'vigil is not root', REFUSED_MS);
    this.refusals.delete(uid);
    this.kinds.set(uid, this.kindOf(uid, found));
    return { user, command };
  }

  /** It has gone: its place is free. */
  left(uid: number): void {
    this.kinds.delete(uid);
  }

  /**
   * It ended before it said a word, with this on its standard error. True: its user may not read vigil's own program,
   * which may lie in a folder that is closed to others, root's home say: no try after this one would fare better.
   */
  isUnreadable(user: HelperUser, said: string): boolean {
    const { place } = this.options;
    const why = [place.node, place.script, NATIVE_MODULE]
      .map(path => unreadable(path, user))
      .find(reason => reason !== null);
    if (
      why === undefined ||
      !/cannot find (module|package)|permission denied|EACCES|failed to execute/i.test(said)
    )
      return false;
    this.refuse(
      user.uid,
      `vigil's own program cannot be read by them: ${why}; install vigil (make install), or move it where all may read it`,
      REFUSED_MS,
    );
    return true;
  }

  isLoggedIn(uid: number): boolean {
    return statFile(`${this.options.place.runtimeBase}/${uid}`)?.uid === uid;
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

  private gidOf(uid: number, sessions: readonly Session[], alerts: readonly Alert[]): number | null {
    const alerted = alerts.flatMap(({ subject }) =>
      subject.uid === uid ? subject.processes.slice(0, MAX_ASKED) : [],
    );
    const living = sessions.filter(session => session.ending === null);
    for (const { pid } of [...living, ...alerted].slice(0, MAX_ASKED)) {
      const gid = gidOfProcess(this.options.procRoot, pid, uid);
      if (gid !== null) return gid;
    }
    return null;
  }

  private refuse(uid: number, why: string, for_ms: number): null {
    const before = this.refusals.get(uid);
    if (before === undefined && this.refusals.size >= MAX_REFUSED) return null;
    this.refusals.set(uid, { why, until_ms: now() + for_ms });
    if (why !== before?.why && this.warnings.take())
      this.options.logger.warn({ uid, why }, 'no desktop and no session files for a user');
    return null;
  }
}
