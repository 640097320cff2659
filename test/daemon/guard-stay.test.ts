import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/** Mode `auto` ends what a dead agent left, and nothing that it started to stay, whatever rule speaks of it. */
const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[actions]
mode = "auto"
grace_s = 1
[detection]
cpu_high = { threshold_percent = 15, duration_s = 1 }
orphan = { duration_s = 1, min_rss_mb = 1 }
`;

vi.setConfig({ testTimeout: 200_000, hookTimeout: 150_000 });

const machine = new GuardedMachine();
const dir = mkdtempSync(join(tmpdir(), 'vigil-stays-'));
const pids: number[] = [];
let agent: ChildProcess;

beforeAll(() => machine.start(CONFIG));

afterAll(async () => {
  for (const pid of pids) if (lives(pid)) process.kill(pid, 'SIGKILL');
  agent?.kill('SIGKILL');
  await machine.remove();
  rmSync(dir, { recursive: true, force: true });
});

function lives(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
  } catch {
    return false;
  }
}

// As root nothing is safe: an agent of root's leaves processes that run as root.
it.runIf(process.getuid?.() === 0)(
  '`setsid nohup python3 train.py` outlives its agent; what just spins does not',
  async () => {
    const claude = join(dir, 'claude');
    copyFileSync('/bin/bash', claude);
    chmodSync(claude, 0o755);
    chmodSync(dir, 0o777);
    copyFileSync(resolve('test/fixtures/priority.py'), join(dir, 'priority.py'));
    for (const name of ['train.py', 'spin.py'])
      copyFileSync(resolve('test/fixtures/spinner.py'), join(dir, name));
    writeFileSync(
      join(dir, 'agent.sh'),
      `read -r
bash -c 'setsid nohup python3 ${dir}/train.py > ${dir}/train.log 2>&1 & echo $! > ${dir}/train.pid'
bash -c 'python3 ${dir}/spin.py | cat & echo; pgrep -f ${dir}/spin.py | head -1 > ${dir}/spin.pid'
read -r
`,
    );
    agent = spawn(claude, [join(dir, 'agent.sh')], {
      cwd: dir,
      detached: true,
      uid: 65534,
      gid: 65534,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    await machine.knows(agent.pid!);
    agent.stdin!.write('\n');
    const pid = async (name: string) => {
      await until(name, () => read(name) > 0);
      pids.push(read(name));
      return read(name);
    };
    const [train, spin] = [await pid('train.pid'), await pid('spin.pid')];
    await machine.looks(3);
    agent.kill('SIGKILL');
    await until('the end of the spinner', () => !lives(spin));
    await machine.looks(8);
    expect(lives(train)).toBe(true);
    // Nobody is told that it is a leftover either.
    const about = machine.about(
      ({ rule, subject }) => rule === 'orphan' && subject.processes.some(one => one.pid === train),
    );
    expect(about).toEqual([]);
  },
);

function read(name: string): number {
  try {
    return Number(readFileSync(join(dir, name), 'utf8'));
  } catch {
    return 0;
  }
}
