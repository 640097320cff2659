import type { MachineService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Actions } from '../alerts/actions.js';
import type { HostMonitor } from '../host/host-monitor.js';

/** The looks at the machine, and whether there are any: who pauses them pauses what follows from them, too. */
export class MachineWatch implements MachineService {
  constructor(
    private readonly host: Pick<HostMonitor, 'latest' | 'isPaused' | 'pause' | 'resume'>,
    private readonly actions: Pick<Actions, 'pause' | 'resume'>,
    private readonly bus: Pick<Bus, 'on'>,
  ) {}

  get latest(): Snapshot | null {
    return this.host.latest;
  }

  get isPaused(): boolean {
    return this.host.isPaused;
  }

  pause(): void {
    this.host.pause();
    this.actions.pause();
  }

  resume(): void {
    this.host.resume();
    this.actions.resume();
  }

  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    return this.bus.on('followers of the machine', 'machine.snapshot', listener);
  }
}
