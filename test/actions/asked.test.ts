import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActionEngine } from '../../src/actions/engine.js';
import { targetsOf } from '../../src/actions/plan/merge.js';
import { silentLogger } from '../../src/lib/log/logger.js';
import type { InTurns } from '../../src/lib/time/in-turns.js';
import type { Person, Scope } from '../../src/model/action.js';
import { actionsConfig, MemoryAudit } from './engine-rig.js';
import { alertOf, snapshotOf } from './fakes.js';

/** What users ask of processes, on a machine of thousands: a folder stands for /proc, which tells what is read of it. */

const ANN: Person = { uid: 1000, gid: 1000, groups: [] };
const ROOT: Person = { uid: 0, gid: 0, groups: [] };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-asked-'));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Made {
  ppid?: number;
  pgid?: number;
  uid?: number;
  comm?: string;
  cgroup?: string;
}

function stat(pid: number, { ppid = 1, pgid = pid, comm = 'node' }: Made): void {
  mkdirSync(join(root, String(pid)));
  const rest = `0 0 0 0 0 0 0 0 0 20 0 1 0 ${pid} 0 100 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0`;
  writeFileSync(join(root, `${pid}/stat`), `${pid} (${comm}) S ${ppid} ${pgid} ${pgid} 0 -1 ${rest}\n`);
}

function process_(pid: number, made: Made = {}): void {
  const { uid = 1000, comm = 'node', cgroup = '/user.slice/user-1000.slice/session-1.scope' } = made;
  stat(pid, made);
  writeFileSync(join(root, `${pid}/status`), `Name:\t${comm}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
  writeFileSync(join(root, `${pid}/cmdline`), `${comm}\0--secret-of-${uid}\0`);
  writeFileSync(join(root, `${pid}/cgroup`), `0::${cgroup}\n`);
}

const engine = () =>
  new ActionEngine({
    config: actionsConfig({ mode: 'suggest' }),
    audit: new MemoryAudit(),
    snapshot: () => snapshotOf([], []),
    admin_gid: 77,
    logger: silentLogger(),
    procRoot: root,
    own_pid: 999_999,
    systemctl: null,
    // Its numbers are those of real processes of this machine.
    signaller: { send: () => 'gone' },
  });

const request = (pid: number, by: Person, scope: Scope = 'process') => ({
  pid,
  by,
  scope,
  force: false,
  start_ticks: null,
});

describe('what is asked for is counted before it is read', () => {
  it.each<Scope>(['tree', 'group'])('%s', async scope => {
    process_(5000);
    // Of these nothing but the relation can be read: who looks at more of them does not find them.
    for (let pid = 5001; pid <= 6200; pid++) stat(pid, { ppid: 5000, pgid: 5000 });
    const verdict = await engine().previewKill(request(5000, ANN, scope));
    expect(verdict).toMatchObject({ allowed: false, reason: 'more than 1000 processes at once', steps: [] });
  });

  it('cgroup, where its members have to be looked for', async () => {
    process_(5000);
    for (let pid = 5001; pid <= 6200; pid++) {
      stat(pid, {});
      writeFileSync(join(root, `${pid}/cgroup`), '0::/user.slice/user-1000.slice/session-1.scope\n');
    }
    const verdict = await engine().previewKill(request(5000, ANN, 'cgroup'));
    expect(verdict.reason).toBe('more than 1000 processes at once');
  });

  it('what is within bounds is found as before', async () => {
    process_(5000);
    for (let pid = 5001; pid <= 5040; pid++) process_(pid, { ppid: pid - 1, pgid: 5000 });
    process_(5050, { ppid: 1, pgid: 5050, cgroup: '/user.slice/user-1000.slice/session-2.scope' });
    for (const scope of ['tree', 'group', 'cgroup'] as const) {
      const { allowed, steps } = await engine().previewKill(request(5000, ANN, scope));
      expect(allowed).toBe(true);
      expect(steps[0]).toMatchObject({ kind: 'terminate', scope });
      expect(targetsOf(steps)).toHaveLength(41);
    }
  });
});

describe('of a process that is somebody else’s', () => {
  const nothing = (pid: number) => ({
    allowed: false,
    reason: `there is no process ${pid}, or it is not yours`,
    steps: [],
  });

  it.each<Scope>(['process', 'tree', 'group', 'cgroup'])(
    'a user learns as much as of none at all: %s',
    async scope => {
      process_(6000, { uid: 1001, comm: 'ben-secret' });
      expect(await engine().previewKill(request(6000, ANN, scope))).toMatchObject(nothing(6000));
      expect(await engine().previewKill(request(6001, ANN, scope))).toMatchObject(nothing(6001));
      const known = { ...request(6000, ANN, scope), start_ticks: 1 };
      expect(await engine().previewKill(known)).toMatchObject(nothing(6000));
      const { message, outcome } = await engine().killByRequest(request(6000, ANN, scope));
      expect([outcome, message]).toEqual(['refused', nothing(6000).reason]);
    },
  );

  it.each<Scope>(['tree', 'group', 'cgroup'])(
    'nothing is told where it is among his own: %s',
    async scope => {
      process_(6000);
      process_(6001, { uid: 1001, comm: 'ben-secret', ppid: 6000, pgid: 6000 });
      const verdict = await engine().previewKill(request(6000, ANN, scope));
      expect(verdict).toMatchObject({
        allowed: false,
        reason: 'processes of other users are among them',
        steps: [],
      });
    },
  );

  it('nothing is told by one that vigil protects', async () => {
    process_(6000, { uid: 1001, comm: 'sshd' });
    expect(JSON.stringify(await engine().previewKill(request(6000, ANN)))).not.toContain('sshd');
    expect((await engine().previewKill(request(6000, ROOT))).reason).toContain('sshd');
  });

  it('a plan about it is as good as none', async () => {
    process_(6000, { uid: 1001, comm: 'ben-secret' });
    const one = engine();
    const ref = {
      pid: 6000,
      start_ticks: 6000,
      uid: 1001,
      comm: 'ben-secret',
      cmdline: 'ben-secret --secret-of-1001',
    };
    const alert = alertOf('memory_leak', [ref]);
    const [plan] = await one.propose({ ...alert, subject: { ...alert.subject, uid: 1001 } });
    const { message } = await one.execute(plan!.id, ANN);
    expect(message).toBe(`there is no plan ${plan!.id}, or it is too old`);
    expect((await one.execute(plan!.id + 1, ANN)).message).toBe(
      `there is no plan ${plan!.id + 1}, or it is too old`,
    );
  });
});

describe('others have their turn', () => {
  const refs = Array.from({ length: 600 }, (_, i) => ({
    pid: 7000 + i,
    start_ticks: 7000 + i,
    uid: 1000,
    comm: 'node',
    cmdline: 'node --secret-of-1000',
  }));
  let turns = 0;
  const inTurns: InTurns = async work => {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      turns++;
      await value;
    }
  };

  beforeEach(() => {
    for (const { pid } of refs) process_(pid);
    turns = 0;
  });

  it('while the plans of an alert about many are made', async () => {
    const [plan] = await engine().propose(alertOf('orphan', refs), { inTurns });
    expect(targetsOf(plan!.verdict.steps)).toHaveLength(600);
    expect(turns).toBeGreaterThan(600);
  });

  it('while such a plan is judged again', async () => {
    const one = engine();
    const [plan] = await one.propose(alertOf('orphan', refs));
    // Nobody is there to be signalled: what counts is what comes before.
    rmSync(join(root, String(refs[0]!.pid)), { recursive: true });
    await one.execute(plan!.id, ANN, inTurns);
    expect(turns).toBeGreaterThan(600);
  });

  it('while a model’s answer about many becomes plans', async () => {
    const target = { kind: 'processes', processes: refs } as const;
    const action = { type: 'kill_process', target, risk: 'safe', explanation: '', command: '' } as const;
    await engine().planDiagnosis([action], alertOf('orphan', refs), { inTurns });
    expect(turns).toBeGreaterThan(600);
  });
});
