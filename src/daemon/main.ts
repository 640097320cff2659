import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRecogniser } from '../agents/types/index.js';
import { lockRuntimeDir } from '../api/socket/lock.js';
import { gidOf } from '../api/socket/peer.js';
import { ApiServer } from '../api/socket/server.js';
import { trackerOptions } from '../config/tracker.js';
import { BPF_DIR, VERSION } from '../lib/files/package.js';
import { FaultLog } from '../lib/log/faults.js';
import { libc } from '../lib/os/libc.js';
import { findGroup } from '../lib/os/user-database.js';
import { Users } from '../lib/os/users.js';
import { memoryOf } from '../lib/proc/process-memory.js';
import { keepSmall } from '../lib/process/resident-pages.js';
import { onUncaught } from '../lib/process/uncaught.js';
import { loopPauses } from '../lib/time/loop-pauses.js';
import { recordTickFaults } from '../lib/time/ticker.js';
import { clock, now } from '../lib/time/time.js';
import { wallClock } from '../lib/time/wall-clock.js';
import type { AlertChange } from '../model/alert.js';
import { terminalLine } from '../outputs/channels/terminal.js';
import { HELPER_SCRIPT } from '../outputs/helpers/helper-command.js';
import { HelperGroups } from '../outputs/helpers/helper-group.js';
import { HelperPool } from '../outputs/helpers/helper-pool.js';
import { RecordingFile } from '../outputs/recording/recording-file.js';
import { HOST_FIGURES } from '../sources/host/index.js';
import { createSensor } from '../sources/kernel/index.js';
import { createStore } from '../store/open.js';
import { CrashRecord } from './crash-record.js';
import { Gaps } from './gaps.js';
import { Guard } from './guard.js';
import { onHangup } from './hangup.js';
import { AgentMonitor } from './monitor.js';
import type { DaemonOptions } from './options.js';
import { type Part, Parts } from './parts.js';
import { giveBackRank, leaveCpuGroup, raiseRank } from './priority.js';
import { Reloader } from './reload.js';
import { Responder } from './responder.js';
import { Sampling } from './sampling.js';
import { ShownAlerts } from './shown-alerts.js';
import { StopSignals } from './stop-signals.js';
import { serviceManager } from './systemd.js';
import { View } from './view.js';
import { SensorVitals } from './vitals.js';
import { Watchdog } from './watchdog.js';

const PROC = '/proc';

/** sysexits.h EX_SOFTWARE: systemd starts the service again. */
const CRASHED = 70;
/** However much hangs, vigil is gone so long after an error that nobody caught. */
const CRASH_MS = 20_000;

/**
 * The one place where everything is made and joined. Runs until `signals` ask it to end, also in the middle of its
 * start, and answers the exit code. Rejects when it cannot start: another daemon holds the runtime directory, the
 * socket cannot be made.
 */
export async function runDaemon(options: DaemonOptions, signals = new StopSignals()): Promise<number> {
  const { logger } = options;
  const faults = new FaultLog(logger);
  const crashes = new CrashRecord(options.stateDir);
  let exitCode = 0;
  const endPolicy = onUncaught({
    rejected: error => faults.record('work that nobody waits for', error),
    thrown: error => {
      logger.fatal({ err: error }, 'vigil ends by an error of its own');
      if (exitCode !== 0) return;
      exitCode = CRASHED;
      crashes.add(now(), error);
      setTimeout(() => process.exit(CRASHED), CRASH_MS);
      signals.request('an error of its own');
    },
  });
  const endTickFaults = recordTickFaults((owner, error) => faults.record(owner, error));
  // Before it has threads.
  const endKeepingSmall = keepSmall();
  const parts = new Parts({ logger });
  try {
    // Local ones are known at once; for others the user database is asked.
    const adminGid = gidOf('vigil') ?? (await findGroup('vigil'));
    await parts.start(makeParts(options, signals, faults, crashes, adminGid), signals.signal);
    await aborted(signals.signal);
  } catch (error) {
    // What begins while everything ends may fail of that.
    if (!signals.signal.aborted) throw error;
  } finally {
    if (signals.signal.aborted) logger.info({ why: signals.signal.reason }, 'stopping');
    await parts.stop();
    endTickFaults();
    endKeepingSmall();
    endPolicy();
  }
  return exitCode;
}

/** In the order in which they are started. */
function makeParts(
  options: DaemonOptions,
  signals: StopSignals,
  faults: FaultLog,
  crashes: CrashRecord,
  adminGid: number | null,
): Part[] {
  const { config, logger } = options;
  // Before it has threads and children: they inherit it.
  const rank = raiseRank(process.env.NOTIFY_SOCKET !== undefined);
  if (rank.problems.length > 0) logger.debug({ problems: rank.problems }, 'no better rank');
  const lock = lockRuntimeDir(options.runtimeDir);
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });

  const store = config.history.enabled
    ? createStore({
        directory: options.stateDir,
        logger,
        now,
        retention_hours: config.history.retention_hours,
        snapshot_interval_s: config.history.snapshot_interval_s,
        max_bytes: config.history.max_size_mb * 1_000_000,
        figures: HOST_FIGURES,
        wall: wallClock,
      })
    : null;
  const users = new Users();
  const problems = new Set<string>();
  const recorder =
    options.record === null
      ? null
      : new RecordingFile(options.record, VERSION, error => {
          problems.add(`the recording stopped: ${error.message}`);
          logger.error({ err: error, file: options.record }, 'cannot write the recording');
        });

  const recognise = createRecogniser(config.agents);
  const monitor = new AgentMonitor({
    procRoot: PROC,
    recognise,
    users,
    onlyUid: process.geteuid!() === 0 ? null : process.geteuid!(),
    logger,
    tracker: trackerOptions(config),
    onTransition: faults.each({
      socket: (transition, session) => view.publish(transition, session),
      history: (transition, session) => store?.addTransition(transition, session.uid),
      'user helpers': transition => hands.transition(transition),
      log: ({ pid, agent, from, to, reason, evidence }) =>
        logger.info({ pid, agent, from, to, reason, evidence: evidence.text }, 'agent state'),
    }),
    onObservation: faults.each({
      recording: observation => recorder?.write(observation),
      socket: observation => view.observed(observation),
      'user helpers': observation => hands.observed(observation),
    }),
    onFault: error => faults.record('agents', error),
    readElsewhere: (session, home) => hands.reader(session, home),
  });
  const groups = new HelperGroups(logger);
  const hands = new HelperPool({
    config,
    logger,
    users,
    sessions: () => monitor.sessions(),
    find: pid => monitor.tracker.find(pid),
    feed: observation => monitor.feed(observation),
    procRoot: PROC,
    runtimeDir: options.runtimeDir,
    alertFor: (alert, uid) => (uid === 0 ? alert : view.alertFor(alert, { kind: 'user', uid })),
    place: {
      euid: process.geteuid!(),
      node: process.execPath,
      script: HELPER_SCRIPT,
      runtimeBase: '/run/user',
      boot_ms: clock.boot_ms,
      env: process.env,
      ...(process.geteuid!() === 0
        ? {
            confine: async (uid: number, pid: number) => {
              // First: with cgroup v2 its own group is where it goes last.
              await giveBackRank(pid, rank);
              await groups.confine(uid, pid);
            },
            release: (uid: number) => groups.release(uid),
          }
        : {}),
    },
  });
  const gaps = new Gaps({ logger, look: faults.isolated('agents', () => void monitor.rescan(true)) });
  const sensor = createSensor(
    {
      logger,
      bpfDir: BPF_DIR,
      daemonPid: process.pid,
      answersFile: join(options.stateDir, 'bpftrace.json'),
      childrenFile: join(options.runtimeDir, 'children.json'),
      symbolsFile: join(options.runtimeDir, 'kallsyms'),
      ...(config.sensor.bpftrace === undefined ? {} : { bpftracePath: config.sensor.bpftrace }),
      ...(config.sensor.tier === 'auto' ? {} : { forceTier: config.sensor.tier }),
    },
    {
      event: faults.each({
        agents: event => monitor.kernelEvent(event),
        machine: event => {
          if ('pid' in event) guard.hear(event, monitor.tracker.find(event.pid));
        },
      }),
      gap: reason => gaps.note(reason),
      lost: count => gaps.lost(count),
      lifecycle: live => {
        monitor.senses({ lifecycle: live });
        sampling.lifecycle(live);
      },
      terminal: live => monitor.senses({ terminal: live, keys: live }),
    },
  );
  monitor.attach(sensor);
  const guard = new Guard({
    config,
    logger,
    roots: { proc: PROC, sys: '/sys' },
    store,
    sessions: () => monitor.sessions(),
    isShared: pid => monitor.tracker.wantsFacts(pid),
    onSnapshot: faults.each({
      socket: snapshot => view.looked(snapshot),
      alerts: snapshot => responder.look(snapshot),
    }),
    onChanges: faults.each({
      socket: changes => {
        for (const change of changes) view.publishAlert(change);
      },
      log: changes => {
        for (const change of changes) logAlert(logger, change);
      },
      'user helpers': async changes => {
        await shown.hear(changes);
        hands.alerts(shown.list());
      },
      alerts: changes => responder.hear(changes),
    }),
    onRestored: faults.isolated('user helpers', async open => {
      await shown.restore(open);
      hands.alerts(shown.list());
    }),
    onFoundAgain: faults.isolated('actions', alerts => {
      for (const alert of alerts) responder.engine.takeUp(alert);
    }),
  });
  const responder = new Responder({
    config,
    logger,
    store,
    faults,
    snapshot: () => guard.snapshot,
    admin_gid: adminGid,
    env: process.env,
  });
  const shown = new ShownAlerts(alert => responder.suggestedCommand(alert));
  const reloader = new Reloader({
    file: options.configFile,
    explicit: options.configNamed,
    config,
    logger,
    apply: next => {
      if (!options.levelNamed) logger.level = next.log_level;
      store?.configure(next.history);
      guard.configure(next);
      responder.configure(next);
      hands.configure(next);
    },
  });
  const view = new View({
    monitor,
    guard,
    responder,
    reloader,
    store,
    sensor,
    users,
    procRoot: PROC,
    version: VERSION,
    unseen: session => hands.unseen(session),
    hands: () => hands.health(),
    problems: details => [
      ...problems,
      ...gaps.news(),
      ...monitor.problems(),
      ...(details ? [...faults.problems(), ...crashes.problems(now())] : []),
    ],
    faults,
  });
  const trust = { ownUid: process.geteuid!(), adminGid };
  const server = new ApiServer({ lock, view, logger, faults, trust });
  const sampling = new Sampling(monitor, PROC, faults);
  const vitals = new SensorVitals();
  const manager = serviceManager(process.env, libc(), process.pid);
  const watchdog =
    manager === null
      ? null
      : new Watchdog(manager, {
          status: () => `tier ${sensor.health().tier}, ${monitor.living().length} agents`,
          ailment: () => vitals.check(sensor.health().programs, performance.now()),
          logger,
        });

  let endHangup = () => {};
  return [
    { name: 'rank', stop: () => leaveCpuGroup(rank) },
    { name: 'runtime folder', stop: () => lock.release() },
    {
      name: 'hang-up',
      start: () => {
        endHangup = onHangup(
          () => reloader.tryReload(),
          () => signals.request('SIGHUP'),
        );
      },
      stop: () => endHangup(),
    },
    { name: 'history', start: () => store?.start(), stop: () => store?.stop() },
    { name: 'recording', stop: () => recorder?.close() },
    { name: 'gaps', stop: () => gaps.stop() },
    { name: 'loop', start: () => loopPauses.start(), stop: () => loopPauses.stop() },
    { name: 'process memory', start: () => memoryOf(PROC).guard(), stop: () => memoryOf(PROC).stop() },
    {
      name: 'sensor',
      start: async signal => {
        await sensor.start(signal);
        const { tier, tier_reason, bpftrace_version } = sensor.health();
        logger.info({ tier, reason: tier_reason, bpftrace: bpftrace_version }, 'sensor tier');
      },
      stop: () => sensor.stop(),
    },
    { name: 'user helpers', start: () => hands.start(), stop: () => hands.stop() },
    { name: 'agents', start: () => monitor.rescan(true), stop: () => monitor.stop() },
    {
      name: 'sampling',
      start: () => (sensor.health().tier === 'procfs' ? sampling.startProcfs() : sampling.start()),
      stop: () => sampling.stop(),
    },
    { name: 'alerts', start: () => responder.start(), stop: () => responder.stop() },
    { name: 'machine', start: () => guard.start(), stop: () => guard.stop() },
    { name: 'configuration', start: () => reloader.start(), stop: () => reloader.stop() },
    {
      name: 'socket',
      start: async () => {
        await server.start();
        loopPauses.serving();
        logger.info({ socket: server.socketPath, version: VERSION, pid: process.pid }, 'vigil is watching');
      },
      stop: () => server.stop(),
    },
    { name: 'watchdog', start: () => watchdog?.start(), stop: () => watchdog?.stop() },
  ];
}

const LOG_LEVEL = { info: 'info', warning: 'warn', high: 'warn', critical: 'error' } as const;

function logAlert(logger: DaemonOptions['logger'], change: AlertChange): void {
  const { type, quiet, alert } = change;
  const level = quiet || type === 'alert_resolved' ? 'info' : LOG_LEVEL[alert.severity];
  logger[level]({ alert: alert.id, rule: alert.rule, severity: alert.severity }, terminalLine(change));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
