import { accessSync, chmodSync, readdirSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionRef } from '../../src/model/snapshot.js';
import { actionsConfig, deadSession, OWNER, Rig, ROOT, STRANGER, UID } from './engine-rig.js';
import { alertOf } from './fakes.js';
import { isAlive, Processes } from './rig.js';

vi.setConfig({ testTimeout: 30_000 });

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
  chmodSync(processes.dir, 0o777);
});
afterEach(() => processes.end());

const AUTO = { mode: 'auto' };
const survivors = (refs: Parameters<typeof isAlive>[0][]) => refs.filter(isAlive).length;

/** Other users' processes are needed: root only, as the daemon is. */
describe.runIf(process.getuid?.() === 0)('a dead session that left 12 processes', () => {
  const incident = async (keys: Record<string, unknown>) => {
    const rig = new Rig(processes, keys);
    const { refs } = await deadSession(processes, rig, 12);
    return { rig, refs, alert: alertOf('orphan', refs) };
  };

  it('auto ends exactly those, a double under a live session survives, and all of it is on record', async () => {
    const { rig, refs, alert } = await incident(AUTO);
    const agent = processes.script('sleep 98764 & echo $! > $DIR/double; wait', { uid: UID });
    const [pid] = await processes.pids('double');
    const double = await processes.running(pid!);
    const session: SessionRef = { ...processes.ref(agent), agent: 'claude-code', cwd: '/', alive: true };
    rig.sessions.push(session);
    rig.lineage.push({ ...double, session });
    await rig.take(alertOf('orphan', [...refs, double]));
    expect(survivors(refs)).toBe(0);
    expect(isAlive(double)).toBe(true);
    expect(rig.signaller.sent.map(({ pid }) => pid).sort()).toEqual(refs.map(({ pid }) => pid).sort());
    expect(rig.audit.entries).toHaveLength(1);
    const { record, result } = rig.audit.entries[0]!;
    expect(record).toMatchObject({
      alert_id: alert.id,
      rule: 'orphan',
      requester: { kind: 'auto' },
      risk: 'safe',
      before: { processes: 12 },
    });
    expect(record.before.rss_bytes).toBeGreaterThan(0);
    expect(record.evidence.join('\n')).toContain('claude (pid 500) → node');
    expect(result).toMatchObject({ outcome: 'done', after: { processes: 0, rss_bytes: 0 } });
    expect(result?.message).toBe('12 ended after SIGTERM');
  });

  it('auto ends what an alert from before a restart is about, and what of it is not safe stays', async () => {
    const { rig, refs, alert } = await incident(AUTO);
    processes.script('sleep 98764 & echo $! > $DIR/stranger; wait', { uid: UID });
    const [pid] = await processes.pids('stranger');
    const stranger = await processes.running(pid!);
    rig.engine.takeUp({ ...alert, subject: { ...alert.subject, processes: [...refs, stranger] } });
    await rig.engine.settled();
    expect(survivors(refs)).toBe(0);
    expect(isAlive(stranger)).toBe(true);
  });

  it('auto, switched on later, turns to an alert from before a restart as well', async () => {
    const { rig, refs, alert } = await incident({ mode: 'observe' });
    rig.engine.takeUp(alert);
    await rig.engine.settled();
    expect(survivors(refs)).toBe(12);
    rig.engine.configure(actionsConfig(AUTO));
    await rig.engine.settled();
    expect(survivors(refs)).toBe(0);
  });

  it.each(['observe', 'suggest'])(
    'nothing happens in mode %s, and the command to copy names them',
    async mode => {
      const { rig, refs, alert } = await incident({ mode });
      await rig.take(alert);
      expect(rig.signaller.sent).toEqual([]);
      const [plan, ...more] = await rig.engine.propose(alert);
      expect(more).toEqual([]);
      expect(plan).toMatchObject({ type: 'kill_process', verdict: { allowed: false, risk: 'safe' } });
      expect(plan?.command).toBe(`kill -- ${refs.map(({ pid }) => pid).join(' ')}`);
    },
  );

  it('a dry run decides, records and does nothing', async () => {
    const { rig, refs, alert } = await incident({ ...AUTO, dry_run: true });
    await rig.take(alert);
    expect(rig.signaller.sent).toEqual([]);
    expect(survivors(refs)).toBe(12);
    expect(rig.audit.entries).toMatchObject([
      { record: { dry_run: true, before: { processes: 12 } }, result: { outcome: 'dry_run' } },
    ]);
  });

  it('what a popup offers and what auto does are the same plan', async () => {
    const { rig, alert } = await incident({ ...AUTO, dry_run: true });
    const [plan] = await rig.engine.proposeAtNews(alert);
    await rig.take(alert);
    expect(rig.audit.entries).toHaveLength(1);
    // The next plan is the next that was made.
    expect((await rig.engine.propose(alert))[0]?.id).toBe(plan!.id + 1);
  });

  it('what cannot be recorded is not done', async () => {
    const { rig, refs, alert } = await incident(AUTO);
    rig.audit.broken = true;
    await rig.take(alert);
    expect(rig.signaller.sent).toEqual([]);
    const answer = await rig.engine.killByRequest(request(refs[0]!, ROOT));
    expect(answer).toMatchObject({ outcome: 'refused' });
    expect(answer.message).toContain('disk full');
    expect(survivors(refs)).toBe(12);
  });

  it('the rate limits hold, and the rest has its turn later', async () => {
    const { rig, refs, alert } = await incident({ ...AUTO, max_per_minute: 5 });
    await rig.take(alert);
    expect(survivors(refs)).toBe(7);
    await rig.take(alert, 'alert_updated');
    expect(survivors(refs)).toBe(7);
    rig.engine.configure(actionsConfig(AUTO));
    await rig.engine.settled();
    expect(survivors(refs)).toBe(0);
  });

  it('pause stops auto, not persons; resume takes up what waited', async () => {
    const { rig, refs, alert } = await incident(AUTO);
    rig.engine.pause();
    await rig.take(alert);
    expect(survivors(refs)).toBe(12);
    expect(await rig.engine.killByRequest(request(refs[0]!, OWNER))).toMatchObject({ outcome: 'done' });
    rig.engine.resume();
    await rig.engine.settled();
    expect(survivors(refs)).toBe(0);
  });

  it('switching auto on takes up open alerts; a resolved one is left', async () => {
    const { rig, refs, alert } = await incident({ mode: 'observe' });
    const { refs: others } = await deadSession(processes, rig, 2);
    await rig.take(alert);
    await rig.take({ ...alertOf('orphan', others), id: 8, key: 'other' });
    // Its key may have changed meanwhile.
    await rig.take({ ...alertOf('orphan', others), id: 8, key: 'another' }, 'alert_resolved');
    rig.engine.configure(actionsConfig(AUTO));
    await rig.engine.settled();
    expect([survivors(refs), survivors(others)]).toEqual([0, 2]);
  });

  it('one that survives is not signalled again and again', async () => {
    const rig = new Rig(processes, AUTO, { signaller: { send: () => 'denied' } });
    const { refs } = await deadSession(processes, rig, 1);
    for (let i = 0; i < 3; i++) await rig.take(alertOf('orphan', refs), 'alert_updated');
    expect(rig.audit.entries).toHaveLength(1);
    expect(rig.audit.entries[0]?.result).toMatchObject({ outcome: 'failed' });
    expect(rig.audit.entries[0]?.result?.message).toContain('may not signal');
  });

  it('of duplicates the newest stay', async () => {
    const { rig, refs } = await incident({ ...AUTO, keep_newest: 3 });
    await rig.take(alertOf('duplicates', refs));
    expect(survivors(refs)).toBe(3);
    const newest = [...refs].sort((a, b) => b.start_ticks - a.start_ticks || b.pid - a.pid).slice(0, 3);
    expect(survivors(newest)).toBe(3);
  });

  it('processes are held from the finding until the alert is over', async () => {
    const { rig, refs, alert } = await incident({ mode: 'suggest' });
    const held = () =>
      readdirSync('/proc/self/fd').filter(fd => {
        try {
          return refs.some(({ pid }) => readlinkSync(`/proc/self/fd/${fd}`) === `/proc/${pid}`);
        } catch {
          return false;
        }
      }).length;
    await rig.take(alert);
    expect(held()).toBe(12);
    await rig.take(alert, 'alert_updated');
    expect(held()).toBe(12);
    await rig.take(alert, 'alert_resolved');
    expect(held()).toBe(0);
  });

  it('one that listens on the network is left to a person', async () => {
    const rig = new Rig(processes, AUTO);
    const server = `import socket, time; s = socket.create_server(("127.0.0.1", 0)); open("$DIR/up", "w"); time.sleep(99)`;
    const agent = processes.script(`python3 -c '${server}' & echo $! > $DIR/server`, { uid: UID });
    const [pid] = await processes.pids('server');
    const ref = await processes.running(pid!, 'python3');
    await vi.waitFor(() => accessSync(`${processes.dir}/up`), 10_000);
    const session = { pid: agent, start_ticks: 1, agent: 'claude-code', cwd: '/', alive: false };
    rig.sessions.push(session);
    rig.lineage.push({ ...ref, session });
    await rig.take(alertOf('orphan', [ref]));
    expect(isAlive(ref)).toBe(true);
    expect((await rig.engine.propose(alertOf('orphan', [ref])))[0]?.verdict.reason).toContain('listens');
  });

  it('a diagnosis becomes plans; auto leaves them to a person', async () => {
    const { rig, refs, alert } = await incident(AUTO);
    const plans = await rig.engine.planDiagnosis(
      [
        {
          type: 'kill_process',
          target: { kind: 'processes', processes: refs.slice(0, 2) },
          risk: 'safe',
          explanation: 'left over',
          command: 'rm -rf /',
        },
        { type: 'custom', target: { kind: 'host' }, risk: 'safe', explanation: 'reboot', command: 'reboot' },
      ],
      alert,
    );
    expect(plans).toMatchObject([
      { type: 'kill_process', command: `kill -- ${refs[0]!.pid} ${refs[1]!.pid}` },
      { type: 'custom', command: null, verdict: { allowed: false } },
    ]);
    expect(survivors(refs)).toBe(12);
    expect(await rig.engine.execute(plans[0]!.id, OWNER)).toMatchObject({ outcome: 'done' });
    expect(survivors(refs)).toBe(10);
  });

  it('a plan is executed by who may, judged again', async () => {
    const { rig, refs, alert } = await incident({ mode: 'suggest' });
    const [plan] = await rig.engine.propose(alert);
    expect(await rig.engine.execute(plan!.id, STRANGER)).toMatchObject({ outcome: 'refused' });
    expect(survivors(refs)).toBe(12);
    expect(await rig.engine.execute(plan!.id, OWNER)).toMatchObject({ outcome: 'done' });
    expect(survivors(refs)).toBe(0);
    expect(await rig.engine.execute(plan!.id, OWNER)).toMatchObject({ outcome: 'refused' });
    expect(await rig.engine.execute(4711, ROOT)).toMatchObject({ outcome: 'refused' });
    expect(rig.audit.entries).toHaveLength(1);
    expect(rig.audit.entries[0]?.record.requester).toMatchObject({ kind: 'person', uid: UID });
  });
});

const request = (ref: { pid: number; start_ticks: number | null }, by = ROOT, more = {}) => ({
  pid: ref.pid,
  start_ticks: ref.start_ticks,
  scope: 'process' as const,
  force: false,
  by,
  ...more,
});

describe('a person who names a process', () => {
  const sleeper = (uid?: number) =>
    processes.running(processes.script('exec sleep 98763', uid === undefined ? {} : { uid }));

  it('ends it, by force at once', async () => {
    const rig = new Rig(processes);
    const me = { ...OWNER, uid: process.getuid!() };
    expect(await rig.engine.killByRequest(request(await sleeper(), me))).toMatchObject({
      outcome: 'done',
      processes: [{ fate: 'terminated', signals: ['SIGTERM'] }],
    });
    expect(await rig.engine.killByRequest(request(await sleeper(), me, { force: true }))).toMatchObject({
      processes: [{ fate: 'killed', signals: ['SIGKILL'] }],
    });
  });

  it('sees first what would be hit', async () => {
    const rig = new Rig(processes);
    const leader = processes.script('sleep 98763 & echo $! > $DIR/member; wait');
    const [member] = await processes.pids('member');
    const refs = [processes.ref(leader), await processes.running(member!)];
    const verdict = await rig.engine.previewKill(request(refs[0]!, ROOT, { scope: 'group' as const }));
    expect(verdict.steps.flatMap(step => (step.kind === 'terminate' ? step.targets : []))).toEqual(refs);
    expect(survivors(refs)).toBe(2);
    expect(rig.audit.entries).toEqual([]);
    const result = await rig.engine.killByRequest(request(refs[0]!, ROOT, { scope: 'group' as const }));
    expect(result.outcome).toBe('done');
    expect(survivors(refs)).toBe(0);
  });

  it('must mean the one that has the pid now', async () => {
    const rig = new Rig(processes);
    const ref = await sleeper();
    const answer = await rig.engine.killByRequest(request({ ...ref, start_ticks: ref.start_ticks - 1 }));
    expect(answer).toMatchObject({ outcome: 'refused' });
    expect(isAlive(ref)).toBe(true);
    expect((await rig.engine.killByRequest(request({ pid: 4_194_303, start_ticks: null }))).message).toBe(
      'there is no process 4194303',
    );
  });

  it('cannot reach init, vigil, or what vigil runs in', async () => {
    const rig = new Rig(processes);
    const vigil = new Rig(processes, {}, { own_pid: process.pid });
    const child = await sleeper();
    for (const pid of [1, 0, -1, 2 ** 32 - 1, process.pid, process.ppid]) {
      for (const more of [{}, { scope: 'group' as const }, { force: true }]) {
        const answer = await vigil.engine.killByRequest(request({ pid, start_ticks: null }, ROOT, more));
        expect(answer.outcome).toBe('refused');
      }
    }
    expect(await vigil.engine.killByRequest(request(child))).toMatchObject({ outcome: 'refused' });
    expect(vigil.signaller.sent).toEqual([]);
    expect((await rig.engine.previewKill(request(child))).allowed).toBe(true);
  });

  it.runIf(process.getuid?.() === 0)('must own it, or be root or of the group', async () => {
    const rig = new Rig(processes);
    const [roots, theirs] = [await sleeper(), await sleeper(UID)];
    for (const ref of [roots, theirs]) {
      expect(await rig.engine.killByRequest(request(ref, STRANGER))).toMatchObject({ outcome: 'refused' });
    }
    expect(await rig.engine.killByRequest(request(roots, OWNER))).toMatchObject({ outcome: 'refused' });
    expect(rig.signaller.sent).toEqual([]);
    expect(survivors([roots, theirs])).toBe(2);
    expect(await rig.engine.killByRequest(request(theirs, OWNER))).toMatchObject({ outcome: 'done' });
    const member = { ...STRANGER, groups: [77] };
    expect(await rig.engine.killByRequest(request(roots, member))).toMatchObject({ outcome: 'done' });
  });

  it('asks twice and is answered once', async () => {
    const rig = new Rig(processes);
    const ref = processes.ref(
      processes.script(`trap '' TERM; echo 1 > $DIR/ready; while :; do sleep 0.05; done`),
    );
    await processes.pids('ready');
    const answers = await Promise.all([1, 2].map(() => rig.engine.killByRequest(request(ref))));
    expect(answers.map(({ outcome }) => outcome)).toEqual(['done', 'refused']);
    expect(rig.signaller.sent.map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('a machine that goes to sleep leaves a process its time to end by itself', async () => {
    let asleep_ms = 0;
    const rig = new Rig(processes, { grace_s: 20 }, { now: () => Date.now() + asleep_ms });
    const ref = processes.ref(
      processes.script(`trap 'sleep 1; exit 0' TERM; echo 1 > $DIR/ready; while :; do sleep 0.05; done`),
    );
    await processes.pids('ready');
    const answer = rig.engine.killByRequest(request(ref));
    await vi.waitFor(() => expect(rig.signaller.sent).toHaveLength(1));
    asleep_ms = 3_600_000;
    expect(await answer).toMatchObject({ outcome: 'done' });
    expect(rig.signaller.sent.map(({ signal }) => signal)).toEqual(['SIGTERM']);
  });

  it('when vigil ends meanwhile, the record says how far it came', async () => {
    const rig = new Rig(processes, { grace_s: 100 });
    const ref = processes.ref(
      processes.script(`trap '' TERM; echo 1 > $DIR/ready; while :; do sleep 0.05; done`),
    );
    await processes.pids('ready');
    const answer = rig.engine.killByRequest(request(ref));
    await vi.waitFor(() => expect(rig.signaller.sent).toHaveLength(1));
    await rig.engine.stop();
    expect(rig.audit.entries[0]?.result).not.toBeNull();
    expect((await rig.engine.killByRequest(request(ref))).message).toBe('vigil is ending');
    expect(await answer).toMatchObject({ outcome: 'failed', processes: [{ fate: 'survived' }] });
    expect(rig.audit.entries[0]?.result).toMatchObject({ outcome: 'failed' });
  });
});

describe('plans that are not about ending processes', () => {
  it('renice makes it yield, threads and all', async () => {
    const rig = new Rig(processes);
    const ref = await processes.running(processes.script('exec sleep 98763'));
    const alert = alertOf('cpu_high', [ref]);
    const plans = await rig.engine.propose(alert);
    const plan = plans.find(({ type }) => type === 'renice');
    expect(plan?.command).toBe(`renice -n 10 -p ${ref.pid}`);
    expect(await rig.engine.execute(plan!.id, ROOT)).toMatchObject({ outcome: 'done' });
    expect(getPriority(ref.pid)).toBe(10);
  });

  it('a failed service is restarted by root, without a shell, and a failure is told', async () => {
    const rig = new Rig(processes, AUTO);
    const alert = alertOf('unit_failing', [], { kind: 'unit', name: 'web.service', uid: null });
    await rig.take(alert);
    expect(rig.commands).toEqual([]);
    const [plan] = await rig.engine.propose(alert);
    expect(plan).toMatchObject({ type: 'restart_service', command: 'systemctl restart -- web.service' });
    expect(await rig.engine.execute(plan!.id, ROOT)).toMatchObject({ outcome: 'done' });
    expect(rig.commands).toEqual([
      ['/usr/bin/systemctl', 'restart', '--', 'web.service'],
      ['/usr/bin/systemctl', 'is-failed', '--quiet', '--', 'web.service'],
    ]);
    rig.failedCode = 0;
    expect((await rig.engine.execute(plan!.id, ROOT)).message).toBe(
      'web.service was started and failed again',
    );
    rig.commandCode = 1;
    const answer = await rig.engine.execute(plan!.id, ROOT);
    expect(answer).toMatchObject({ outcome: 'failed', message: 'systemctl ended with 1: Job failed.' });
  });
});
