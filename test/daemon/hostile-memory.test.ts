import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ended } from '../outputs/desktop/user.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/**
 * Any user can make his own command line and environment endless, or something that whoever reads it waits for for
 * ever. vigil reads them of every process, and more closely of what is called like an agent.
 */

const FIXTURE = resolve('test/fixtures/hostile_memory.py');
/** Several times what vigil uses altogether. */
const ENDLESS_BYTES = 700 * 1024 * 1024;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 150_000 });

const machine = new GuardedMachine();
const running: ChildProcess[] = [];
let dir: string;
let claude: string;

/** On a terminal, under the name of an agent. Answers its pid. */
async function hostile(...args: string[]): Promise<number> {
  const command = [claude, FIXTURE, ...args].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text;
  });
  await until('the hostile process', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
    return /^\d+\s*$/.test(said);
  });
  return Number(said);
}

describe.runIf(process.getuid?.() === 0)('a process that is dangerous to read', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-hostile-'));
    claude = join(dir, 'claude');
    const python = execaSync('python3', ['-c', 'import sys; print(sys.executable)']).stdout;
    copyFileSync(realpathSync(python), claude);
    await hostile('endless', 'cmdline', String(ENDLESS_BYTES));
    await hostile('endless', 'environ', String(ENDLESS_BYTES));
    await machine.start(
      '[sensor]\ntier = "procfs"\n[sampling]\nsample_interval_normal_s = 0.5\nsample_interval_alert_s = 0.5\n',
    );
  });

  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await machine.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  it('because its arguments or its environment have no end costs what any other does', async () => {
    await machine.looks(3);
    const { pid, reading } = await machine.health();
    expect(reading.cut.arguments).toBeGreaterThan(0);
    expect(reading.cut.environments).toBeGreaterThan(0);
    const peak_kb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    expect(Number(peak_kb) * 1024).toBeLessThan(ENDLESS_BYTES / 2);
  });

  it('whose memory is locked does not stop vigil, and others are seen as before', async () => {
    const mount = join(dir, 'mount');
    mkdirSync(mount);
    const pid = await hostile('held', mount);
    await until('that it is known', async () => (await machine.health()).reading.held.includes(pid));
    expect((await machine.vigil('health')).stdout).toContain(`pid ${pid} does not let its arguments be read`);
    await machine.looks(3);
    const system = await execa(process.execPath, [resolve('bin/vigil'), 'system', '--count', '1'], {
      timeout: 60_000,
    });
    expect(system.stdout).toContain('"source":"system"');
    const other = spawn(claude, ['-c', 'import time; time.sleep(100)', 'x'], { stdio: 'ignore' });
    running.push(other);
    await machine.knows(other.pid!);
  });

  it('does not keep vigil from its end', async () => {
    expect(await machine.stop()).toBe(0);
    for (const child of running.splice(0)) {
      child.kill('SIGKILL');
      await ended(child);
    }
  });
});
