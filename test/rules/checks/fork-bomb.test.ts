import { describe, expect, test } from 'vitest';
import { brief, Machine, quietHost, refOf } from '../machine.js';

const tasks = (forks_per_s: number, total = 400, limit: number | null = 30_000) => ({
  running: 1,
  total,
  limit,
  forks_per_s,
});
const busy = (machine: Machine, forks_per_s: number, total?: number) => {
  machine.host = { ...quietHost(), tasks: tasks(forks_per_s, total) };
};

describe('fork_bomb', () => {
  test('names program, user, control group, session and root of what multiplies, within two looks', () => {
    const machine = new Machine();
    const session = machine.addSession();
    machine.pass(60);
    busy(machine, 900);
    const root = machine.add({
      comm: 'sh',
      cmdline: 'sh run.sh',
      ppid: session.pid,
      session: refOf(session),
    });
    machine.many(400, { comm: 'sh', cmdline: 'sh run.sh', ppid: root.pid, session: refOf(session) });
    const changes = machine.pass(2, 1);
    expect(brief(changes)).toEqual(['opened fork_bomb high']);
    const { title, text, subject, numbers } = changes[0]!.alert;
    expect(title).toBe('Fork bomb: sh, 402 processes');
    expect(text).toMatch(
      /^401 processes of uid 1000 came within 10 s and 0 run \(threshold 300\); the machine makes 900 a second\./,
    );
    expect(text).toContain('/user.slice/user-1000.slice/session-3.scope');
    expect(text).toContain('the Claude Code session in ~/shop');
    expect(subject).toMatchObject({
      uid: 1000,
      session: refOf(session),
      lineage: expect.stringContaining('claude'),
    });
    expect(subject.processes[0]).toMatchObject({ pid: root.pid });
    expect(numbers).toMatchObject({ processes: 402, young: 401, forks_per_s: 900 });
    machine.remove(machine.processes.filter(({ comm }) => comm === 'sh'));
    expect(brief(machine.pass(30))).toEqual(['resolved fork_bomb high']);
  });

  test('is critical when hundreds want to run on few cores, or a limit is half used up', () => {
    const machine = new Machine();
    machine.many(400, { comm: 'bomb', state: 'R' });
    expect(brief(machine.pass(2, 1))).toEqual(['opened fork_bomb critical']);
    const limited = new Machine();
    busy(limited, 900);
    limited.host.cgroups = [
      {
        path: '/user.slice/user-1000.slice',
        memory_bytes: null,
        memory_limit_bytes: null,
        swap_bytes: null,
        cpu_percent: null,
        pids: 10,
        pids_limit: 700,
        oom_kills: null,
      },
    ];
    limited.many(400, { comm: 'bomb' });
    const [opened] = limited.pass(2, 1);
    expect(opened!.alert.severity).toBe('critical');
    expect(opened!.alert.text).toContain('57 % of what /user.slice/user-1000.slice can hold');
  });

  test('one that has used up its limit and sleeps is told as well', () => {
    const machine = new Machine();
    busy(machine, 0, 20_000);
    machine.many(400, { comm: 'bomb' });
    expect(brief(machine.pass(2, 1))).toEqual(['opened fork_bomb critical']);
  });

  test('says nothing of builds, installations, crowds of workers, and old crowds', () => {
    const machine = new Machine();
    busy(machine, 800);
    machine.many(500, { comm: 'cc1', state: 'R' });
    // Made fast, and gone as fast.
    machine.pass(30, 1, () => {
      machine.remove(machine.processes.filter(({ comm }) => comm === 'conftest'));
      machine.many(40, { comm: 'conftest', state: 'R' });
    });
    busy(machine, 5);
    machine.many(400, { comm: 'httpd', uid: 33, cgroup: '/system.slice/apache2.service' });
    machine.pass(30, 1);
    expect(machine.said).toEqual([]);
  });

  test('counts users, control groups and sessions apart', () => {
    const machine = new Machine();
    busy(machine, 900);
    machine.many(200, { comm: 'sh', uid: 1000 });
    machine.many(200, { comm: 'sh', uid: 1001 });
    machine.many(200, { comm: 'sh', cgroup: '/user.slice/user-1000.slice/session-4.scope' });
    expect(machine.pass(5, 1)).toEqual([]);
  });
});
