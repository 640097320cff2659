import type { ExecEvent, ExitEvent, ForkEvent } from '../../model/kernel-event.js';
import type { ProcessRef } from '../../model/snapshot.js';

/** Of processes that live: a busy build starts some hundred programs a second, which soon end. */
const KEPT = 1_024;
const CMDLINE_MAX = 1_000;

/** Programs that were started lately: what ends between two looks at /proc has a name all the same. */
export class RecentExecs {
  /** The oldest first. */
  private readonly execs = new Map<number, ProcessRef>();

  hear(event: ExecEvent | ExitEvent | ForkEvent): void {
    const { pid } = event;
    this.execs.delete(pid);
    if (event.type !== 'exec') return;
    const { uid, path, argv } = event;
    const cmdline = argv.join(' ').slice(0, CMDLINE_MAX) || path;
    // The kernel cuts names so.
    const comm = path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
    this.execs.set(pid, { pid, start_ticks: 0, uid, comm, cmdline });
    if (this.execs.size > KEPT) this.execs.delete(this.execs.keys().next().value!);
  }

  /** `start_ticks` is 0: an event does not tell it. */
  get(pid: number): ProcessRef | undefined {
    return this.execs.get(pid);
  }
}
