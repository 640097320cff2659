import type { LiveProcess, ProcessView } from '../../src/actions/live/live-view.js';
import type { PolicyContext } from '../../src/actions/plan/policy.js';
import { configSchema } from '../../src/config/schema.js';
import type { Requester, Scope } from '../../src/model/action.js';
import type { Alert } from '../../src/model/alert.js';
import type { ProcessRef, SessionRef, SessionSample, Snapshot } from '../../src/model/snapshot.js';
import { emptyHost } from '../../src/sources/host/index.js';

export const DEAD: SessionRef = {
  pid: 500,
  start_ticks: 50,
  agent: 'claude-code',
  cwd: '/home/ann',
  alive: false,
};
export const LIVE: SessionRef = {
  pid: 600,
  start_ticks: 60,
  agent: 'claude-code',
  cwd: '/home/ann',
  alive: true,
};

export const auto: Requester = { kind: 'auto' };
export const person = (uid: number, named_pid: number | null = null, groups: number[] = []): Requester => ({
  kind: 'person',
  uid,
  gid: uid,
  groups,
  named_pid,
});

/** An orphan of the dead session, unless told otherwise. */
export function live(pid: number, changes: Partial<LiveProcess> = {}): LiveProcess {
  const comm = changes.comm ?? 'node';
  const argv = changes.argv ?? ['node', 'mcp-server.js'];
  return {
    pid,
    start_ticks: pid * 10,
    uid: 1000,
    comm,
    cmdline: argv.join(' '),
    ppid: 1,
    pgid: pid,
    sid: pid,
    state: 'S',
    has_tty: false,
    foreground: false,
    kernel_thread: false,
    rss_bytes: 2 ** 20,
    argv,
    exe: `/usr/bin/${comm}`,
    cgroup: '/user.slice/user-1000.slice/session-3.scope',
    session: DEAD,
    ...changes,
  };
}

export class FakeView implements ProcessView {
  constructor(
    readonly processes: readonly LiveProcess[],
    readonly listening: boolean | null = false,
  ) {}
  listens() {
    return this.listening;
  }
  find(pid: number) {
    return this.processes.find(process => process.pid === pid) ?? null;
  }
  resolve(ref: { pid: number; start_ticks: number }) {
    const found = this.find(ref.pid);
    return found?.start_ticks === ref.start_ticks ? found : null;
  }
  tree(pid: number): LiveProcess[] {
    const own = this.find(pid);
    const children = this.processes.filter(process => process.ppid === pid);
    return [...(own === null ? [] : [own]), ...children.flatMap(child => this.tree(child.pid))];
  }
  group(pgid: number) {
    return this.processes.filter(process => process.pgid === pgid);
  }
  cgroup(path: string) {
    return this.processes.filter(
      process => process.cgroup === path || process.cgroup?.startsWith(`${path}/`),
    );
  }
  members(root: LiveProcess, scope: Scope): number[] {
    if (scope === 'process') return [root.pid];
    if (scope === 'tree') return this.tree(root.pid).map(({ pid }) => pid);
    return (scope === 'group' ? this.group(root.pgid) : this.cgroup(root.cgroup ?? '/')).map(
      ({ pid }) => pid,
    );
  }
  *gather() {}
  *readAhead() {}
  count(root: LiveProcess, scope: Scope): number {
    return this.members(root, scope).length;
  }
  ancestors(pid: number): number[] {
    const parent = this.find(pid)?.ppid;
    return parent === undefined ? [pid] : [pid, ...this.ancestors(parent)];
  }
}

export function sessionSample(ref: SessionRef, uid = 1000): SessionSample {
  return {
    ...ref,
    uid,
    tty: null,
    state: ref.alive ? 'WORKING' : 'EXITED',
    since_ms: 0,
    started_ms: 0,
    ended_ms: ref.alive ? null : 1,
    pids: [],
    cpu_percent: 0,
    rss_bytes: 0,
    fds: null,
    read_bytes: null,
    write_bytes: null,
    sockets: null,
  };
}

export function alertOf(
  rule: string,
  processes: readonly ProcessRef[],
  changes: Partial<Alert['subject']> = {},
): Alert {
  return {
    id: 7,
    rule,
    key: `${rule}:x`,
    status: 'open',
    severity: 'high',
    title: 'processes left over',
    text: 'they are many',
    suggestion: null,
    subject: {
      kind: 'processes',
      name: 'node',
      uid: 1000,
      processes,
      session: null,
      lineage: 'claude (pid 500) → node',
      ...changes,
    },
    numbers: {},
    opened_ms: 0,
    updated_ms: 0,
    resolved_ms: null,
  };
}

export function contextOf(
  processes: readonly LiveProcess[],
  changes: Partial<PolicyContext> = {},
): PolicyContext {
  const alert = changes.alert === undefined ? alertOf('orphan', processes) : changes.alert;
  return {
    mode: 'auto',
    view: new FakeView(processes),
    alert,
    meant: alert?.subject.processes ?? processes,
    keep_newest: 1,
    admin_gid: 77,
    systemctl: '/usr/bin/systemctl',
    isOwn: () => false,
    protected_pids: [],
    protected_commands: configSchema.parse({}).actions.protected_commands,
    sessions: [sessionSample(DEAD), sessionSample(LIVE)],
    ...changes,
  };
}

export function snapshotOf(
  processes: readonly (ProcessRef & { session: SessionRef | null })[],
  sessions: readonly SessionSample[],
): Snapshot {
  return {
    time_ms: 0,
    host: emptyHost(0),
    processes: processes as unknown as Snapshot['processes'],
    sessions,
    events: [],
  };
}
