import { gidOf } from '../api/socket/peer.js';
import { Bus } from '../bus.js';
import type { Config } from '../config/schema.js';
import { FaultLog } from '../lib/log/faults.js';
import { findGroup } from '../lib/os/user-database.js';
import { keepSmall } from '../lib/process/resident-pages.js';
import { onUncaught } from '../lib/process/uncaught.js';
import { recordTickFaults } from '../lib/time/ticker.js';
import { now } from '../lib/time/time.js';
import { makeModules } from './app.js';
import { CrashRecord } from './lifecycle/crash-record.js';
import { Modules } from './lifecycle/modules.js';
import { StopSignals } from './lifecycle/stop-signals.js';
import type { DaemonOptions } from './options.js';

/** sysexits.h EX_SOFTWARE: systemd starts the service again. */
const CRASHED = 70;
/** However much hangs, vigil is gone so long after an error that nobody caught. */
const CRASH_MS = 20_000;

/**
 * Runs until `signals` ask it to end, also in the middle of its start, and answers the exit code. Rejects when it cannot start: another daemon holds the runtime directory, the
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
  const modules = new Modules<Config>({ logger });
  try {
    // Local ones are known at once; for others the user database is asked.
    const adminGid = gidOf('vigil') ?? (await findGroup('vigil'));
    const context = { options, signals, bus: new Bus(faults), faults, crashes, modules, adminGid };
    await modules.start(makeModules(context), signals.signal);
    await aborted(signals.signal);
  } catch (error) {
    // What begins while everything ends may fail of that.
    if (!signals.signal.aborted) throw error;
  } finally {
    if (signals.signal.aborted) logger.info({ why: signals.signal.reason }, 'stopping');
    await modules.stop();
    endTickFaults();
    endKeepingSmall();
    endPolicy();
  }
  return exitCode;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
