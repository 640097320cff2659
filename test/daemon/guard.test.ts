import { readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AlertReport } from '../../src/api/client/index.js';
import { Misbehaving, type Program } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { MemoryCgroup } from './memory-cgroup.js';
import { Once } from './once.js';
import { until } from './until.js';

/**
 * Programs that misbehave, the built daemon, and what a person is told: the right alert once, and once that it is
 * over. Durations are seconds here; what is looked for, and how, is as ever.
 */

const MB = 1024 * 1024;
/** As a share of this machine's memory. */
const STORM_BYTES = 150 * MB;

const machine = new GuardedMachine();
const programs = new Misbehaving(pid => machine.knows(pid));

const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[thresholds]
zombie_timeout_s = 1
storm_ram_percent = ${(STORM_BYTES / totalmem()) * 100}
[detection]
cpu_high = { threshold_percent = 15, duration_s = 2 }
agent_spinning = { threshold_percent = 15, duration_s = 2 }
hang = { duration_s = 2 }
stopped = { duration_s = 1 }
memory_leak = { growth_threshold_mb = 60, window_minutes = 0.6, warmup_s = 0 }
fd_leak = { growth_threshold = 200, window_minutes = 0.6 }
orphan = { duration_s = 1, min_rss_mb = 20 }
duplicates = { min_age_s = 1 }
ghost_process_storm = { duration_s = 1 }
disk_space = { duration_s = 1 }
inodes = { duration_s = 1 }
oom_kill = { keep_minutes = 0.6 }
[allowlist]
ignore = [{ pattern = "stopped.py --whitelisted", match_type = "cmdline" }]
[[agents]]
name = "spinner"
paths = ["${programs.dir}/spinning_agent.py"]
argv_contains = ["--agent"]
`;

vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000, hookTimeout: 150_000 });

const once = new Once(machine);
let cgroup: MemoryCgroup;

beforeAll(async () => {
  cgroup = MemoryCgroup.create(40 * MB);
  await machine.start(CONFIG);
});

afterAll(async () => {
  programs.remove();
  await machine.remove();
  cgroup?.remove();
});

/**
 * Alerts that name one of these programs' processes. Whoever started a program that was ended may be slow to reap it,
 * on a busy machine: zombies are the program's fault only where they are its children.
 */
const of =
  (...started: Program[]) =>
  ({ rule, subject, numbers }: AlertReport) =>
    rule === 'zombie'
      ? started.some(({ pid }) => numbers.parent_pid === pid)
      : subject.processes.some(({ pid }) => started.some(({ pids }) => pids.includes(pid)));

const critical = async (is: (alert: AlertReport) => boolean) =>
  (await machine.alerts()).find(alert => is(alert) && alert.severity === 'critical');

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

describe.runIf(process.getuid?.() === 0).concurrent('a program that misbehaves is told of once', () => {
  it('a tool of an agent that leaks memory', async () => {
    const leak = await programs.startByAgent('leak.py');
    const alert = await once.opened('memory_leak', of(leak));
    expect(alert.subject.lineage).toBe(`claude (pid ${leak.agent_pid}) → ${leak.name}`);
    expect(alert.subject.session).toMatchObject({ agent: 'claude-code', pid: leak.agent_pid, alive: true });
    expect(alert.numbers.gained_bytes).toBeGreaterThan(60 * MB);
    expect(alert.text).toContain('threshold 60 MB');
    leak.end();
    await once.resolved('memory_leak', of(leak));
  });

  it('a tool of an agent that leaks files', async () => {
    const leak = await programs.startByAgent('fd_leak.py');
    const alert = await once.opened('fd_leak', of(leak));
    expect(alert.subject.lineage).toBe(`claude (pid ${leak.agent_pid}) → ${leak.name}`);
    expect(alert.numbers.gained).toBeGreaterThan(200);
    expect(alert.text).toContain('threshold 200');
    leak.end();
    await once.resolved('fd_leak', of(leak));
  });

  it('a parent that does not reap its children', async () => {
    const maker = await programs.start('zombie_maker.py');
    const alert = await once.opened('zombie', of(maker));
    expect(alert.title).toBe(`${maker.name} (pid ${maker.pid}) does not reap its children`);
    expect(alert.numbers).toMatchObject({ parent_pid: maker.pid, threshold_ms: 1000 });
    // On a busy machine they do not become old enough in the same moment.
    const zombies = async () => (await machine.alerts()).find(of(maker))?.numbers.zombies;
    await until('all three', async () => (await zombies()) === 3);
    expect(alert.suggestion).toContain(`(pid ${maker.pid})`);
    maker.end();
    await once.resolved('zombie', of(maker));
  });

  it('what an agent left behind, once the agent is dead and not before; without an agent never', async () => {
    const gate = join(machine.dir, 'leave');
    const [left, daemon] = await Promise.all([
      programs.startByAgent('orphan.py', gate),
      programs.start('orphan.py', gate),
    ]);
    // Without kernel events, lineage is known from looking at /proc now and then.
    await machine.looks(2);
    writeFileSync(gate, '');
    await until('no parents', () => [left, daemon].every(({ pid, pids }) => !pids.includes(parentOf(pid))));
    // What is on the way to an alert would be one by then.
    const others = await programs.startByAgent('stopped.py');
    await once.opened('stopped', of(others));
    others.end();
    expect(once.told(of(left))).toEqual([]);
    left.endAgent();
    const alert = await once.opened('orphan', of(left));
    expect(alert.title).toMatch(/^1 orphan of the Claude Code session in .*shop$/);
    expect(alert.subject.lineage).toBe(`Claude Code (ended, pid ${left.agent_pid}) → ${left.name}`);
    expect(alert.subject.session).toMatchObject({ pid: left.agent_pid, alive: false });
    left.end();
    await once.resolved('orphan', of(left));
    expect(once.told(of(daemon))).toEqual([]);
  });

  it('the same script many times over', async () => {
    const servers = await Promise.all(Array.from({ length: 7 }, () => programs.start('server.py', '1')));
    const alert = await once.opened('duplicates', of(...servers));
    expect(alert.title).toBe(`Many times the same: ${servers[0]!.name}`);
    expect(alert.numbers.threshold).toBe(5);
    for (const server of servers) server.end();
    await once.resolved('duplicates', of(...servers));
  });

  it('a storm of the same script that holds much memory, and not as duplicates too', async () => {
    // So many are no duplicates yet. They hold the memory before there are more, however slow the machine is.
    const some = (count: number) =>
      Promise.all(Array.from({ length: count }, () => programs.start('ghost.py', '40')));
    const ghosts = [...(await some(5)), ...(await some(3))];
    const alert = await once.opened('ghost_process_storm', of(...ghosts));
    expect(alert.numbers.rss_bytes).toBeGreaterThan(STORM_BYTES);
    expect(alert.text).toMatch(new RegExp(`[678] × ${ghosts[0]!.name}`));
    for (const ghost of ghosts) ghost.end();
    await once.resolved('ghost_process_storm', of(...ghosts));
  });

  it('a process that burns a core', async () => {
    const spinner = await programs.start('spinner.py');
    const alert = await once.opened('cpu_high', of(spinner));
    expect(alert.subject.name).toBe(`${spinner.name} (pid ${spinner.pid})`);
    expect(alert.text).toContain('threshold 15 %');
    spinner.end();
    await once.resolved('cpu_high', of(spinner));
  });

  it('an agent that waits for its user and burns a core all the same, until it does not', async () => {
    const busy = join(machine.dir, 'busy');
    const agent = await programs.start('spinning_agent.py', busy);
    const state = async () => (await machine.agents()).find(({ pid }) => pid === agent.pid)?.state;
    await until('it to wait', async () => (await state()) === 'WAITING');
    writeFileSync(busy, '');
    const alert = await once.opened('agent_spinning', of(agent));
    expect(alert.title).toMatch(/^spinner in .*shop waits for you and yet burns CPU$/);
    expect(alert.text).toContain('threshold 15 %');
    expect(alert.subject.session).toMatchObject({ agent: 'spinner', pid: agent.pid, alive: true });
    rmSync(busy);
    await once.resolved('agent_spinning', of(agent));
    expect(await state()).toBe('WAITING');
  });

  it('a process that was stopped, until it goes on', async () => {
    const stopped = await programs.start('stopped.py');
    const alert = await once.opened('stopped', of(stopped));
    expect(alert.suggestion).toContain(`kill -CONT ${stopped.pid}`);
    process.kill(stopped.pid, 'SIGCONT');
    await once.resolved('stopped', of(stopped));
  });

  it('a process whose name looks like fields of /proc/PID/stat', async () => {
    const odd = await programs.startByAgent('odd_name.py');
    const alert = await once.opened('stopped', of(odd));
    expect(alert.subject.processes).toMatchObject([{ pid: odd.pid, comm: 'x) R 1 (y' }]);
    expect(alert.subject.lineage).toBe(`claude (pid ${odd.agent_pid}) → ${odd.name}`);
    odd.end();
    await once.resolved('stopped', of(odd));
  });

  it('a process that hangs in the kernel', async () => {
    // By an agent: the processes of a user that hang are one alert, those of a session another.
    const hung = await programs.startByAgent('hung.py');
    const alert = await once.opened('hang', of(hung));
    expect(alert.severity).toBe('high');
    expect(alert.text).toContain(`${hung.name} (pid ${hung.pid})`);
    hung.end();
    await once.resolved('hang', of(hung));
  });

  it('a filesystem that is full', async () => {
    const mount = programs.mount('full');
    const is = ({ subject }: AlertReport) => subject.name === mount;
    const filler = await programs.start('disk_filler.py', mount, 'bytes');
    await once.opened('disk_space', is);
    // The first look may have come before it was full.
    await until('it to be full', async () => (await critical(is))?.numbers.free_percent === 0);
    expect((await critical(is))?.numbers.threshold_percent).toBe(5);
    filler.end();
    unlinkSync(join(mount, 'large'));
    await once.resolved('disk_space', is);
  });

  it('a filesystem without room for one more file', async () => {
    const mount = programs.mount('crowded');
    const is = ({ subject }: AlertReport) => subject.name === mount;
    const filler = await programs.start('disk_filler.py', mount, 'inodes');
    await once.opened('inodes', is);
    await until('it to be full', async () => (await critical(is))?.numbers.inodes_free === 0);
    filler.end();
    for (let i = 0; i < 100; i++) rmSync(join(mount, String(i)));
    await once.resolved('inodes', is);
  });

  it('a tool that the kernel ended for want of memory: which, and whose', async () => {
    const bomb = await programs.startByAgent('memory_bomb.py', cgroup.procs);
    const alert = await once.opened('oom_kill', of(bomb));
    // Where it was ended before anybody could read its command line, the kernel's name for it is all there is.
    expect(
      [bomb.name, 'python3'].map(name => `The kernel ended ${name} (pid ${bomb.pid}) for want of memory`),
    ).toContain(alert.title);
    // The control group is named when it was known before.
    expect(alert.text).toMatch(/^The (memory limit of \S+ was hit|machine, or a control group .* memory)\. /);
    expect(alert.text).toMatch(/It belonged to the Claude Code session in .*shop\./);
    expect(alert.subject.session).toMatchObject({ pid: bomb.agent_pid });
    await once.resolved('oom_kill', of(bomb));
  });

  it('not one that is whitelisted; one that is whitelisted later is over at once', async () => {
    const quiet = await programs.startByAgent('stopped.py', '--whitelisted');
    const loud = await programs.startByAgent('stopped.py', '--later');
    await once.opened('stopped', of(loud));
    const { exitCode } = await machine.vigil('whitelist', 'add', 'stopped.py --later', '--type', 'cmdline');
    expect(exitCode).toBe(0);
    // No look at the machine is waited for: the answer to the command is the end of the alert.
    expect((await machine.alerts()).filter(of(loud))).toEqual([]);
    await once.resolved('stopped', of(loud));
    quiet.end();
    loud.end();
    expect(once.told(of(quiet))).toEqual([]);
  });
});

it('and nothing more was said of any of them, nor did a rule fail', async () => {
  const ids = machine.said.filter(({ type }) => type === 'alert_opened').map(({ alert }) => alert.id);
  expect(new Set(ids).size).toBe(ids.length);
  const { stdout } = await machine.vigil('alerts', '--all', '--json');
  const listed = (JSON.parse(stdout) as AlertReport[]).map(({ id }) => id);
  expect(listed).toEqual(expect.arrayContaining(ids));
  expect(machine.log()).not.toContain('a rule failed');
  expect(machine.log()).not.toContain('looking at the machine failed');
});
