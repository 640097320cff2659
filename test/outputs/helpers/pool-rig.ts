import type { Session } from '../../../src/agents/tracker/session.js';
import { AgentPlaces } from '../../../src/agents/transcripts/agent-place.js';
import { claudeCode } from '../../../src/agents/types/claude-code/index.js';
import { Bus } from '../../../src/bus.js';
import { defaultConfig } from '../../../src/config/schema.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { Users } from '../../../src/lib/os/users.js';
import type { Alert } from '../../../src/model/alert.js';
import { HelperPool, type HelperPoolOptions } from '../../../src/outputs/helpers/helper-pool.js';

/** An agent of that user, of which nobody needs to know more. */
export function agentOf(uid: number, pid: number): Session {
  return {
    pid,
    uid,
    ending: null,
    type: claudeCode,
    state: 'WORKING',
    title: null,
    tty: null,
    cwd: '/home/x',
    start_ticks: 1,
    started_ms: 1,
    session_id: null,
  } as Session;
}

type Needed = Pick<HelperPoolOptions, 'place' | 'procRoot'>;

/** A pool of helpers, told of alerts and agents as the daemon tells it. */
export class PoolRig {
  readonly bus = new Bus(new FaultLog(silentLogger()));
  readonly pool: HelperPool;

  constructor(options: Needed & Partial<HelperPoolOptions>) {
    this.pool = new HelperPool({
      config: defaultConfig(),
      logger: silentLogger(),
      bus: this.bus,
      users: new Users(),
      agents: { sessions: () => [], find: () => undefined },
      places: new AgentPlaces(options.procRoot),
      runtimeDir: '/run/vigil',
      suggestedCommand: async () => null,
      alertFor: alert => alert,
      ...options,
    });
  }

  /** Each is as it is now. */
  alerts(...alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      const type = alert.status === 'open' ? 'alert_updated' : 'alert_resolved';
      this.bus.emit('alert.changed', { type, time_ms: 0, alert });
    }
  }

  states() {
    return this.pool.states({ kind: 'all' });
  }
}
