import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AlertReport } from '../../src/api/client/index.js';
import { Misbehaving, type Program } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { Once } from './once.js';
import { until } from './until.js';

/** A mount whose server is gone: whoever asks it hangs in the kernel and cannot be killed. vigil asks all mounts. */

const RULE = 'filesystem_hung';
const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[detection]
hang = { duration_s = 1 }
`;

vi.setConfig({ testTimeout: 300_000, hookTimeout: 150_000 });

const machine = new GuardedMachine();
const once = new Once(machine);
const programs = new Misbehaving();

const on =
  (mount: string) =>
  ({ subject }: AlertReport) =>
    subject.name === mount;

function procText(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

/** What follows the name in /proc/PID/stat: state, parent, … */
function fieldsOf(pid: number): string[] {
  const stat = procText(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The processes by which this vigil asks the mounts of this test. */
async function questions(): Promise<number[]> {
  const { pid: vigil } = await machine.health();
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && Number(fieldsOf(pid)[1]) === vigil)
    .filter(pid => procText(pid, 'cmdline').includes(programs.dir))
    .sort();
}

describe.runIf(process.getuid?.() === 0)('a mount that does not answer', () => {
  let answers: { mount: string; program: Program };
  let goes: { mount: string; program: Program };

  beforeAll(async () => {
    await machine.start(CONFIG);
    [answers, goes] = await Promise.all([programs.silentMount('answers'), programs.silentMount('goes')]);
  });

  afterAll(async () => {
    programs.remove();
    await machine.remove();
  });

  const filesystems = async () =>
    (await machine.health()).collectors.find(({ name }) => name === 'filesystems')!;
  const runs = async () =>
    Object.fromEntries((await machine.health()).collectors.map(({ name, runs }) => [name, runs]));

  it('is told of once, with what it means and what to do', async () => {
    const [alert] = await Promise.all([
      once.opened(RULE, on(answers.mount)),
      once.opened(RULE, on(goes.mount)),
    ]);
    expect(alert).toMatchObject({ severity: 'high', title: `${answers.mount} does not answer` });
    expect(alert.text).toBe(
      'nas:/export (fuse.silent) did not answer in time. Processes that touch it wait and cannot be ended.',
    );
    expect(alert.suggestion).toContain(`umount -l ${answers.mount}`);
  });

  it('stops nothing else: vigil answers, and looks at everything as often as ever', async () => {
    const asked = await questions();
    expect(asked).toHaveLength(2);
    // It is a real hang: who asks is in the kernel.
    await until('a hang', () => asked.every(pid => fieldsOf(pid)[0] === 'D'));
    expect((await filesystems()).message).toMatch(/^no answer from /);
    const before = await runs();
    await machine.looks(20);
    const after = await runs();
    for (const name of ['processes', 'memory', 'cpu', 'filesystems'])
      expect(after[name], name).toBeGreaterThan(before[name]!);
    expect((await filesystems()).state).toBe('ok');
    expect((await machine.vigil('status')).stdout).toContain('CPU');
    expect(await machine.agents()).toBeInstanceOf(Array);
    // One question to each mount, however often it looks; and what vigil itself waits for is not reported as hung.
    expect(await questions()).toEqual(asked);
    const ofVigil = ({ subject }: AlertReport) => subject.processes.some(({ pid }) => asked.includes(pid));
    expect(once.told(ofVigil)).toEqual([]);
  });

  it('is well when it answers, or is gone', async () => {
    process.kill(answers.program.pid, 'SIGUSR1');
    goes.program.end();
    await Promise.all([once.resolved(RULE, on(answers.mount)), once.resolved(RULE, on(goes.mount))]);
    await until('nobody to wait', async () => (await questions()).length === 0);
    await until('nothing to be said of it', async () => (await filesystems()).message === null);
  });

  it('does not keep vigil from ending', async () => {
    const { mount } = await programs.silentMount('late');
    await once.opened(RULE, on(mount));
    expect(await machine.stop()).toBe(0);
  });
});
