import { ActionEngine } from '../../src/actions/engine.js';
import { LiveView } from '../../src/actions/live/live-view.js';
import type { EngineOptions } from '../../src/actions/options.js';
import { configSchema } from '../../src/config/schema.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import type { ProcessHandle } from '../../src/lib/process/process-handle.js';
import { ProcessSignaller, type Signaller, type SignalName } from '../../src/lib/process/signal.js';
import type { ActionRecord, ActionResult, AuditLog, Person } from '../../src/model/action.js';
import type { Alert, AlertChange } from '../../src/model/alert.js';
import type { ProcessRef, SessionRef } from '../../src/model/snapshot.js';
import { sessionSample, snapshotOf } from './fakes.js';
import type { Processes } from './rig.js';

/** A user that needs no account. */
export const UID = 54_321;
export const ROOT: Person = { uid: 0, gid: 0, groups: [] };
export const OWNER: Person = { uid: UID, gid: UID, groups: [] };
export const STRANGER: Person = { uid: 54_322, gid: 54_322, groups: [] };

export class MemoryAudit implements AuditLog {
  readonly entries: { record: ActionRecord; result: ActionResult | null }[] = [];
  broken = false;
  async begin(record: ActionRecord): Promise<number> {
    if (this.broken) throw new Error('disk full');
    return this.entries.push({ record, result: null });
  }
  async finish(id: number, result: ActionResult): Promise<void> {
    this.entries[id - 1]!.result = result;
  }
}

/** Counts, and passes on if told so. */
export class CountingSignaller implements Signaller {
  readonly sent: { pid: number; signal: SignalName }[] = [];
  constructor(private readonly real: Signaller | null) {}
  send(handle: ProcessHandle, signal: SignalName) {
    this.sent.push({ pid: handle.ref.pid, signal });
    return this.real?.send(handle, signal) ?? 'sent';
  }
}

export const actionsConfig = (keys: Record<string, unknown> = {}) =>
  configSchema.parse({ actions: { grace_s: 0.5, ...keys } }).actions;

/** An engine for real processes; what is known of sessions is what the test says. */
export class Rig {
  readonly audit = new MemoryAudit();
  readonly signaller = new CountingSignaller(new ProcessSignaller());
  readonly commands: (readonly string[])[] = [];
  readonly lineage: (ProcessRef & { session: SessionRef | null })[] = [];
  readonly sessions: SessionRef[] = [];
  readonly engine: ActionEngine;
  /** What `systemctl restart` and `systemctl is-failed` end with. */
  commandCode = 0;
  failedCode = 1;

  constructor(
    processes: Processes,
    keys: Record<string, unknown> = {},
    options: Partial<EngineOptions> = {},
  ) {
    this.engine = new ActionEngine({
      config: actionsConfig(keys),
      audit: this.audit,
      snapshot: () =>
        snapshotOf(
          this.lineage,
          this.sessions.map(session => sessionSample(session, UID)),
        ),
      admin_gid: 77,
      logger: silentLogger(),
      // Everything here descends from the test: a relative without children stands for vigil.
      own_pid: processes.start(['sleep', '98700']),
      signaller: this.signaller,
      run: async argv => {
        this.commands.push(argv);
        if (argv[1] === 'is-failed') return { code: this.failedCode, stderr: '' };
        return { code: this.commandCode, stderr: this.commandCode === 0 ? '' : 'Job failed.\nSee journal' };
      },
      systemctl: '/usr/bin/systemctl',
      ...options,
    });
  }

  async take(alert: Alert, type: AlertChange['type'] = 'alert_opened'): Promise<void> {
    this.engine.take({ type, time_ms: 0, alert });
    await this.engine.settled();
  }
}

/** A session of UID whose agent has ended and left `count` processes behind. */
export async function deadSession(processes: Processes, rig: Rig, count: number) {
  const file = `left-${count}-${Math.random().toString(36).slice(2)}`;
  const agent = processes.script(
    `n=0; while [ $n -lt ${count} ]; do sleep 98764 & echo $! >> $DIR/${file}; n=$((n+1)); done`,
    { uid: UID },
  );
  const session: SessionRef = { pid: agent, start_ticks: 1, agent: 'claude-code', cwd: '/', alive: false };
  const pids = await processes.pids(file, count);
  const refs = await Promise.all(pids.map(pid => processes.running(pid)));
  // Until then they are its children.
  const ended = () => ['Z', 'X', undefined].includes(new LiveView('/proc', null).find(agent)?.state);
  while (!ended()) await new Promise(resolve => setTimeout(resolve, 10));
  rig.sessions.push(session);
  rig.lineage.push(...refs.map(ref => ({ ...ref, session })));
  return { session, refs };
}
