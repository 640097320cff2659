import type { HealthReport } from '../../api/reports/health.js';
import type { HealthService } from '../../api/services.js';
import type { Config } from '../../config/schema.js';
import { cuts } from '../../lib/files/bounded-read.js';
import { PAGE_SIZE_BYTES, TICKS_PER_SECOND } from '../../lib/os/boot.js';
import { memoryOf } from '../../lib/proc/process-memory.js';
import { loopPauses } from '../../lib/time/loop-pauses.js';
import { iso, now } from '../../lib/time/time.js';
import type { Viewer } from '../../model/viewer.js';
import type { Channels } from '../../outputs/channels/channels.js';
import type { HelperPool } from '../../outputs/helpers/helper-pool.js';
import type { Sensor } from '../../sources/kernel/sensor.js';
import { tryStat } from '../../sources/procfs/read.js';
import type { Store } from '../../store/store.js';
import type { AgentMonitor } from '../agents/agent-monitor.js';
import type { Actions } from '../alerts/actions.js';
import type { AlertExplainer } from '../alerts/alert-explainer.js';
import type { AlertRules } from '../alerts/alert-rules.js';
import type { HostMonitor } from '../host/host-monitor.js';
import type { Modules } from '../lifecycle/modules.js';
import type { ConfigReloader } from '../lifecycle/reload.js';

export interface HealthReportsOptions {
  modules: Pick<Modules<Config>, 'health'>;
  sensor: Pick<Sensor, 'health'>;
  monitor: Pick<AgentMonitor, 'living'>;
  helpers: Pick<HelperPool, 'states'>;
  host: Pick<HostMonitor, 'collectors'>;
  alerts: Pick<AlertRules, 'open'>;
  actions: Pick<Actions, 'state'>;
  explainer: Pick<AlertExplainer, 'state'>;
  channels: Pick<Channels, 'states'>;
  configuration: Pick<ConfigReloader, 'state'>;
  /** Null: no history is kept. */
  store: Pick<Store, 'health'> | null;
  procRoot: string;
  version: string;
}

/** How the daemon and its parts do. */
export class HealthReports implements HealthService {
  private readonly started_ms = now();
  private ownMemory_bytes = process.memoryUsage.rss();
  /** Loading took seconds of CPU before: percentages are of the time since then, while the machine was awake. */
  private readonly atStart = { cpu_s: ownCpu_s(), awake_ms: performance.now() };

  constructor(private readonly options: HealthReportsOptions) {}

  report(viewer: Viewer, clients: number): HealthReport {
    const { modules, monitor, helpers, host, alerts, actions, explainer } = this.options;
    const { channels, configuration, store, version, procRoot } = this.options;
    const { problems, reports } = modules.health(viewer);
    const sensor = this.options.sensor.health();
    const awake_s = (performance.now() - this.atStart.awake_ms) / 1000;
    const running = helpers.states(viewer);
    const bpftrace = this.bpftraceUsage(sensor.programs.map(program => program.pid));
    return {
      status: problems.length === 0 ? 'healthy' : 'degraded',
      problems,
      version,
      pid: process.pid,
      started: iso(this.started_ms),
      uptime_s: Math.round((now() - this.started_ms) / 1000),
      sensor,
      helpers: running,
      hands: running,
      modules: reports,
      agents: monitor.living().length,
      config: configuration.state(viewer),
      collectors: host.collectors(),
      history: store?.health() ?? null,
      channels: channels.states(viewer),
      model: explainer.state(),
      actions: actions.state(),
      open_alerts: alerts.open().length,
      clients,
      cpu_percent: percent(ownCpu_s() - this.atStart.cpu_s, awake_s),
      rss_bytes: this.ownMemory(),
      bpftrace_cpu_percent: percent(bpftrace.cpu_s, awake_s),
      bpftrace_rss_bytes: bpftrace.rss_bytes,
      loop: loopPauses.report(),
      reading: { cut: { ...cuts }, held: viewer.kind === 'all' ? memoryOf(procRoot).hung() : [] },
    };
  }

  /** As it was, while there is no descriptor to read it by: that is when somebody asks. */
  private ownMemory(): number {
    try {
      this.ownMemory_bytes = process.memoryUsage.rss();
    } catch {
      // EMFILE
    }
    return this.ownMemory_bytes;
  }

  private bpftraceUsage(pids: (number | null)[]): { cpu_s: number; rss_bytes: number } {
    const total = { cpu_s: 0, rss_bytes: 0 };
    for (const pid of pids) {
      const stat = pid === null ? null : tryStat(this.options.procRoot, pid);
      if (stat === null) continue;
      total.cpu_s += stat.cpu_ticks / TICKS_PER_SECOND;
      total.rss_bytes += stat.rss_pages * PAGE_SIZE_BYTES;
    }
    return total;
  }
}

function ownCpu_s(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function percent(cpu_s: number, elapsed_s: number): number {
  return elapsed_s <= 0 ? 0 : Math.round((cpu_s / elapsed_s) * 10_000) / 100;
}
