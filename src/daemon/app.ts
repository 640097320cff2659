import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { trackerOptions } from '../agents/config.js';
import { Tracker } from '../agents/tracker/tracker.js';
import { AgentPlaces } from '../agents/transcripts/agent-place.js';
import { createRecogniser } from '../agents/types/index.js';
import type { Services } from '../api/services.js';
import { lockRuntimeDir } from '../api/socket/lock.js';
import { ApiServer } from '../api/socket/server.js';
import { Visibility } from '../api/visibility.js';
import type { Bus } from '../bus.js';
import type { Config } from '../config/schema.js';
import { BPF_DIR, VERSION } from '../lib/files/package.js';
import type { FaultLog } from '../lib/log/faults.js';
import { libc } from '../lib/os/libc.js';
import { Users } from '../lib/os/users.js';
import { memoryOf } from '../lib/proc/process-memory.js';
import { children } from '../lib/process/run-child.js';
import { loopPauses } from '../lib/time/loop-pauses.js';
import { clock, now } from '../lib/time/time.js';
import { wallClock } from '../lib/time/wall-clock.js';
import type { Module } from '../model/module.js';
import { Channels } from '../outputs/channels/channels.js';
import { HELPER_SCRIPT, type HelperPlace } from '../outputs/helpers/helper-command.js';
import { HelperGroups } from '../outputs/helpers/helper-group.js';
import { HelperPool } from '../outputs/helpers/helper-pool.js';
import { Recording } from '../outputs/recording/recording.js';
import { HostFactsReader } from '../sources/host/facts/reader.js';
import { HOST_FIGURES } from '../sources/host/index.js';
import { HiddenProcesses } from '../sources/procfs/hidden-processes.js';
import { History } from '../store/history.js';
import { createStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { AgentMonitor } from './agents/agent-monitor.js';
import { AgentScan } from './agents/agent-scan.js';
import { AgentVersions } from './agents/agent-versions.js';
import { ResyncScheduler } from './agents/resync.js';
import { AgentSampling } from './agents/sampling.js';
import { Actions } from './alerts/actions.js';
import { AlertExplainer } from './alerts/alert-explainer.js';
import { AlertRules } from './alerts/alert-rules.js';
import { HostMonitor } from './host/host-monitor.js';
import { KernelSensor } from './host/kernel-sensor.js';
import type { CrashRecord } from './lifecycle/crash-record.js';
import { EventLog } from './lifecycle/event-log.js';
import { HangUp } from './lifecycle/hangup.js';
import type { Modules } from './lifecycle/modules.js';
import { OwnFaults } from './lifecycle/own-faults.js';
import { giveBackRank, leaveCpuGroup, type Rank, raiseRank } from './lifecycle/priority.js';
import { ConfigReloader } from './lifecycle/reload.js';
import { SensorStallDetector } from './lifecycle/sensor-stall.js';
import type { StopSignals } from './lifecycle/stop-signals.js';
import { serviceManager } from './lifecycle/systemd.js';
import { Watchdog } from './lifecycle/watchdog.js';
import type { DaemonOptions } from './options.js';
import { AgentReports } from './services/agent-reports.js';
import { AlertLookup } from './services/alert-lookup.js';
import { HealthReports } from './services/health-reports.js';
import { HistoryReports } from './services/history-reports.js';
import { MachineWatch } from './services/machine-watch.js';
import { ObservationFeed } from './services/observation-feed.js';
import { RecentEvents } from './services/recent-events.js';

const PROC = '/proc';

/** What the daemon has before it has modules. */
export interface AppContext {
  options: DaemonOptions;
  signals: StopSignals;
  bus: Bus;
  faults: FaultLog;
  crashes: CrashRecord;
  /** Will run those that are made here. */
  modules: Modules<Config>;
  /** The group `vigil`. */
  adminGid: number | null;
}

/**
 * The modules of the daemon, in the order in which they are started. Each is made with those before it that it asks
 * something of; what they tell each other goes over the bus. Of two that listen to the same event the one that is made
 * first hears it first.
 */
export function makeModules({
  options,
  signals,
  bus,
  faults,
  crashes,
  modules,
  adminGid,
}: AppContext): Module<Config>[] {
  const { config, logger } = options;
  // Before it has threads and children: they inherit it.
  const rank = raiseRank(process.env.NOTIFY_SOCKET !== undefined);
  if (rank.problems.length > 0) logger.debug({ problems: rank.problems }, 'no better rank');
  const lock = lockRuntimeDir(options.runtimeDir);
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });

  const users = new Users();
  const visibility = new Visibility(new HiddenProcesses(PROC));
  const store = storeOf(options);
  const recognise = createRecogniser(config.agents);
  const tracker = new Tracker(trackerOptions(config), recognise);
  const onlyUid = process.geteuid!() === 0 ? null : process.geteuid!();

  const configuration = new ConfigReloader({
    file: options.configFile,
    explicit: options.configNamed,
    warnings: options.configWarnings,
    config,
    logger,
    bus,
    modules,
  });
  const history = store === null ? [] : [new History(store, bus)];
  const log = new EventLog(logger, bus, options.levelNamed, store === null);
  const recording = options.record === null ? [] : [new Recording(options.record, VERSION, bus, logger)];
  const kernel = new KernelSensor(sensorOptions(options), bus);
  const { sensor } = kernel;
  const actions = new Actions({ config, logger, bus, store, admin_gid: adminGid });
  const places = new AgentPlaces(PROC);
  const helpers = new HelperPool({
    config,
    logger,
    bus,
    users,
    agents: tracker,
    places,
    place: helperPlace(options, rank),
    procRoot: PROC,
    runtimeDir: options.runtimeDir,
    suggestedCommand: alert => actions.suggestedCommand(alert),
    alertFor: (alert, uid) => (uid === 0 ? alert : visibility.alert(alert, { kind: 'user', uid })),
  });
  const monitor = new AgentMonitor({
    procRoot: PROC,
    tracker,
    recognise,
    users,
    onlyUid,
    logger,
    bus,
    faults,
    sensor,
    readElsewhere: (session, folder, agentPlace) => helpers.reader(session, folder, agentPlace),
    places,
  });
  const scan = new AgentScan({ procRoot: PROC, monitor, logger });
  const resync = new ResyncScheduler({ logger, bus, scan, faults });
  const sampling = new AgentSampling({ monitor, scan, bus, sensor, procRoot: PROC, faults });
  const alerts = new AlertRules({ config, logger, bus, store });
  const channels = new Channels(config, { host: hostname(), now, env: process.env, log: logger }, bus);
  const explainer = new AlertExplainer({ config, bus, store, actions, faults, env: process.env });
  const host = new HostMonitor({
    config,
    logger,
    roots: { proc: PROC, sys: '/sys' },
    bus,
    agents: tracker,
    judge: alerts,
  });
  const events = new RecentEvents(bus, faults);
  const services: Services = {
    agents: new AgentReports({ monitor, users, helpers, places, procRoot: PROC, bus }),
    alerts: new AlertLookup(alerts, store),
    machine: new MachineWatch(host, actions, bus),
    host: new HostFactsReader(),
    history: new HistoryReports(store, visibility),
    actions,
    explanations: explainer,
    whitelist: alerts.whitelist,
    configuration,
    health: new HealthReports({
      modules,
      sensor,
      monitor,
      helpers,
      host,
      alerts,
      actions,
      explainer,
      channels,
      configuration,
      store,
      procRoot: PROC,
      version: VERSION,
    }),
    events,
    observations: new ObservationFeed(monitor, bus),
    visibility,
  };
  const server = new ApiServer({
    lock,
    services,
    logger,
    faults,
    trust: { ownUid: process.geteuid!(), adminGid },
  });
  const stall = new SensorStallDetector();
  const manager = serviceManager(process.env, libc(), process.pid);
  const watchdog = new Watchdog(manager, {
    status: () => `tier ${sensor.health().tier}, ${monitor.living().length} agents`,
    failure: () => stall.check(sensor.health().programs, performance.now()),
    logger,
  });

  return [
    { name: 'rank', stop: () => leaveCpuGroup(rank) },
    { name: 'runtime folder', stop: () => lock.release() },
    new HangUp(configuration, signals),
    new OwnFaults(faults, crashes),
    ...history,
    log,
    ...recording,
    { name: 'loop', start: () => loopPauses.start(), stop: () => loopPauses.stop() },
    { name: 'child programs', start: () => children.aside(), stop: () => children.stop() },
    { name: 'process memory', start: () => memoryOf(PROC).guard(), stop: () => memoryOf(PROC).stop() },
    resync,
    kernel,
    actions,
    helpers,
    monitor,
    scan,
    sampling,
    new AgentVersions({ monitor, procRoot: PROC }),
    alerts,
    channels,
    explainer,
    host,
    configuration,
    events,
    {
      name: 'socket',
      start: async () => {
        await server.start();
        loopPauses.serving();
        logger.info({ socket: server.socketPath, version: VERSION, pid: process.pid }, 'vigil is watching');
      },
      stop: () => server.stop(),
    },
    watchdog,
  ];
}

/** Null: no history is kept. */
function storeOf({ config: { history }, logger, stateDir }: DaemonOptions): Store | null {
  if (!history.enabled) return null;
  return createStore({
    directory: stateDir,
    logger,
    now,
    retention_hours: history.retention_hours,
    snapshot_interval_s: history.snapshot_interval_s,
    max_bytes: history.max_size_mb * 1_000_000,
    figures: HOST_FIGURES,
    wall: wallClock,
  });
}

function sensorOptions({ config: { sensor }, logger, runtimeDir, stateDir }: DaemonOptions) {
  return {
    logger,
    bpfDir: BPF_DIR,
    daemonPid: process.pid,
    answersFile: join(stateDir, 'bpftrace.json'),
    childrenFile: join(runtimeDir, 'children.json'),
    symbolsFile: join(runtimeDir, 'kallsyms'),
    ...(sensor.bpftrace === undefined ? {} : { bpftracePath: sensor.bpftrace }),
    ...(sensor.tier === 'auto' ? {} : { forceTier: sensor.tier }),
  };
}

function helperPlace({ logger }: DaemonOptions, rank: Rank): HelperPlace {
  const groups = new HelperGroups(logger);
  const euid = process.geteuid!();
  return {
    euid,
    node: process.execPath,
    script: HELPER_SCRIPT,
    runtimeBase: '/run/user',
    boot_ms: clock.boot_ms,
    env: process.env,
    ...(euid === 0
      ? {
          confine: async (uid: number, pid: number) => {
            // First: with cgroup v2 its own group is where it goes last.
            await giveBackRank(pid, rank);
            await groups.confine(uid, pid);
          },
          release: (uid: number) => groups.release(uid),
        }
      : {}),
  };
}
