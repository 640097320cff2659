import type { Session } from '../../agents/tracker/session.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { variable } from '../desktop/terminal/tmux.js';

/** Several daemons may run: an agent's environment can name the one that is to serve it (VIGIL_RUNTIME_DIR). */
export class OtherDaemons {
  private readonly known = new WeakMap<Session, boolean>();
  private readonly knownOf = new WeakMap<readonly ProcessRef[], boolean>();

  constructor(
    private readonly procRoot: string,
    /** Of this daemon. */
    private readonly runtimeDir: string,
  ) {}

  serve(session: Session): boolean {
    let others = this.known.get(session);
    if (others === undefined) {
      others = this.areNamedBy(session.pid);
      this.known.set(session, others);
    }
    return others;
  }

  /**
   * One of these processes names another daemon. Remembered with the list: a storm has hundreds of processes, and
   * this is asked with each word of an agent.
   */
  areNamedByOneOf(processes: readonly ProcessRef[]): boolean {
    let others = this.knownOf.get(processes);
    if (others === undefined) {
      others = processes.some(({ pid }) => this.areNamedBy(pid));
      this.knownOf.set(processes, others);
    }
    return others;
  }

  private areNamedBy(pid: number): boolean {
    const named = variable(this.procRoot, pid, 'VIGIL_RUNTIME_DIR');
    return named !== null && named !== '' && named !== this.runtimeDir;
  }
}
