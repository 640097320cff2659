import { Bus } from '../../src/bus.js';
import type { Config } from '../../src/config/schema.js';
import { AlertRules } from '../../src/daemon/alerts/alert-rules.js';
import type { RuntimeWhitelist } from '../../src/daemon/alerts/whitelist.js';
import { HostMonitor } from '../../src/daemon/host/host-monitor.js';
import { FaultLog } from '../../src/lib/log/faults.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import type { AlertChange } from '../../src/model/alert.js';
import { History } from '../../src/store/history.js';
import type { Store } from '../../src/store/store.js';

/** This machine, looked at and judged, without agents. A store is one that is open already, and stays so. */
export class WatchedHost {
  readonly bus = new Bus(new FaultLog(silentLogger()));
  readonly alerts: AlertRules;
  readonly whitelist: RuntimeWhitelist;
  readonly host: HostMonitor;

  constructor(config: Config, store: Store | null = null) {
    const { bus } = this;
    const logger = silentLogger();
    if (store !== null) new History(store, bus);
    this.alerts = new AlertRules({ config, logger, bus, store });
    this.whitelist = this.alerts.whitelist;
    this.host = new HostMonitor({
      config,
      logger,
      roots: { proc: '/proc', sys: '/sys' },
      bus,
      agents: { sessions: () => [], find: () => undefined, wantsFacts: () => false },
      judge: this.alerts,
    });
  }

  onChange(listener: (change: AlertChange) => void): void {
    this.bus.on('test', 'alert.changed', listener);
  }

  async start(): Promise<void> {
    await this.alerts.start();
    await this.host.start();
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.alerts.stop();
  }
}
