import type { ObservationService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import type { Work } from '../../lib/time/in-turns.js';
import type { Observation } from '../../model/observation.js';
import type { AgentMonitor } from '../agents/agent-monitor.js';

/** What is observed of agents, for those who record it. */
export class ObservationFeed implements ObservationService {
  constructor(
    private readonly monitor: Pick<AgentMonitor, 'snapshot'>,
    private readonly bus: Pick<Bus, 'on'>,
  ) {}

  snapshot(): Work<Observation[]> {
    return this.monitor.snapshot();
  }

  onObservation(listener: (observation: Observation) => void): () => void {
    return this.bus.on('recorders', 'agent.observation', listener);
  }
}
