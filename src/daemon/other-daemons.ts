import type { Session } from '../agents/tracker/session.js';
import { variable } from '../session/terminal/tmux.js';

/** Several daemons may run: an agent's environment can name the one that is to serve it (VIGIL_RUNTIME_DIR). */
export class OtherDaemons {
  private readonly known = new WeakMap<Session, boolean>();

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

  areNamedBy(pid: number): boolean {
    const named = variable(this.procRoot, pid, 'VIGIL_RUNTIME_DIR');
    return named !== null && named !== '' && named !== this.runtimeDir;
  }
}
