import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRecogniser } from '../agents/kinds/index.js';
import type { AlertChange } from '../alerts/alert.js';
import { libc } from '../api/libc.js';
import { lockRuntimeDir } from '../api/lock.js';
import { gidOf } from '../api/peer.js';
import { ApiServer } from '../api/server.js';
import { terminalLine } from '../channels/terminal.js';
import { trackerOptions } from '../config/tracker.js';
import { createSensor } from '../kernel/index.js';
import { RecordingFile } from '../log/recording-file.js';
import { BPF_DIR, VERSION } from '../package.js';
import { Users } from '../proc/users.js';
import { openStore } from '../store/open.js';
import { clock, now } from '../time.js';
import { Gaps } from './gaps.js';
import { Guard } from './guard.js';
import { HAND_SCRIPT } from './hand-command.js';
import { Hands } from './hands.js';
import { onHangup } from './hangup.js';
import { AgentMonitor } from './monitor.js';
import type { DaemonOptions } from './options.js';
import { Reloader } from './reload.js';
import { Responder } from './responder.js';
import { Sampling } from './sampling.js';
import { ShownAlerts } from './shown-alerts.js';
import { serviceManager } from './systemd.js';
import { View } from './view.js';
import { SensorVitals } from './vitals.js';
import { Watchdog } from './watchdog.js';

const PROC = '/proc';

/**
 * The one place where everything is made and joined. Runs until SIGINT or SIGTERM, then resolves.
 * Rejects when it cannot start: another daemon holds the runtime directory, the socket cannot be made.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, logger } = options;
  const lock = lockRuntimeDir(options.runtimeDir);
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });

  const store = config.history.enabled
    ? await openStore({
        directory: options.stateDir,
        logger,
        now,
        retention_hours: config.history.retention_hours,
        snapshot_interval_s: config.history.snapshot_interval_s,
        max_bytes: config.history.max_size_mb * 1_000_000,
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
    onTransition: (transition, session) => {
      view.publish(transition, session);
      store?.addTransition(transition);
      hands.transition(transition);
      const { pid, agent, from, to, reason } = transition;
      logger.info({ pid, agent, from, to, reason, evidence: transition.evidence.text }, 'agent state');
    },
    onObservation: observation => {
      recorder?.write(observation);
      view.observed(observation);
      hands.observed(observation);
    },
    readElsewhere: (session, home) => hands.reader(session, home),
  });
  const hands = new Hands({
    config,
    logger,
    users,
    sessions: () => monitor.sessions(),
    find: pid => monitor.tracker.find(pid),
    feed: observation => monitor.feed(observation),
    procRoot: PROC,
    runtimeDir: options.runtimeDir,
    place: {
      euid: process.geteuid!(),
      node: process.execPath,
      script: HAND_SCRIPT,
      runtimeBase: '/run/user',
      boot_ms: clock.boot_ms,
      env: process.env,
    },
  });
  const gaps = new Gaps({ logger, look: () => monitor.rescan(true) });
  const sensor = createSensor(
    {
      logger,
      bpfDir: BPF_DIR,
      daemonPid: process.pid,
      answersFile: join(options.stateDir, 'bpftrace.json'),
      symbolsFile: join(options.runtimeDir, 'kallsyms'),
      ...(config.sensor.bpftrace === undefined ? {} : { bpftracePath: config.sensor.bpftrace }),
      ...(config.sensor.tier === 'auto' ? {} : { forceTier: config.sensor.tier }),
    },
    {
      event: event => {
        monitor.kernelEvent(event);
        if ('pid' in event) guard.hear(event, monitor.tracker.find(event.pid));
      },
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
    onSnapshot: snapshot => {
      view.looked(snapshot);
      responder.look(snapshot);
    },
    onChanges: changes => {
      for (const change of changes) {
        view.publishAlert(change);
        logAlert(logger, change);
      }
      shown.hear(changes);
      hands.alerts(shown.list());
      responder.hear(changes);
    },
    onRestored: open => {
      shown.restore(open);
      hands.alerts(shown.list());
    },
    onFoundAgain: alerts => {
      for (const alert of alerts) responder.engine.takeUp(alert);
    },
  });
  const responder = new Responder({
    config,
    logger,
    store,
    snapshot: () => guard.snapshot,
    admin_gid: gidOf('vigil'),
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
    problems: () => [...problems, ...gaps.news()],
  });
  const server = new ApiServer({ lock, view, logger });
  const sampling = new Sampling(monitor, PROC);
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

  const endHangup = onHangup(
    () => reloader.tryReload(),
    () => process.kill(process.pid, 'SIGTERM'),
  );
  try {
    await sensor.start();
    const { tier, tier_reason, bpftrace_version } = sensor.health();
    logger.info({ tier, reason: tier_reason, bpftrace: bpftrace_version }, 'sensor tier');
    hands.start();
    monitor.rescan(true);
    if (tier === 'procfs') sampling.startProcfs();
    else sampling.start();
    await responder.start();
    await guard.start();
    reloader.start();
    await server.start();
    logger.info({ socket: server.socketPath, version: VERSION, pid: process.pid }, 'vigil is watching');
    watchdog?.start();
    await terminated(logger);
  } finally {
    watchdog?.stop();
    reloader.stop();
    endHangup();
    sampling.stop();
    await server.stop().catch(() => {});
    await sensor.stop();
    gaps.stop();
    monitor.stop();
    await guard.stop();
    await responder.stop();
    await store?.stop();
    await hands.stop();
    await recorder?.close();
    lock.release();
  }
}

const LOG_LEVEL = { info: 'info', warning: 'warn', high: 'warn', critical: 'error' } as const;

function logAlert(logger: DaemonOptions['logger'], change: AlertChange): void {
  const { type, quiet, alert } = change;
  const level = quiet || type === 'alert_resolved' ? 'info' : LOG_LEVEL[alert.severity];
  logger[level]({ alert: alert.id, rule: alert.rule, severity: alert.severity }, terminalLine(change));
}

/** Resolves at SIGINT or SIGTERM; a second one does not wait for the farewell. */
function terminated(logger: DaemonOptions['logger']): Promise<void> {
  return new Promise(resolve => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      logger.info({ signal }, 'stopping');
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
