import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBootId } from '../../../src/lib/os/boot-id.js';
import { ChildRecord } from '../../../src/sources/kernel/children.js';
import { readStat } from '../../../src/sources/procfs/read.js';
import { health } from '../../ask.js';
import { BPF_DIR, fixture, isRoot, scratch, until } from './helpers.js';
import { childrenOf, isAlive, statOf } from './processes.js';

const VIGIL = resolve('bin/vigil');

/** The built daemon; what is stopped or killed here is never told to end. */
describe.skipIf(!isRoot)('a daemon that is killed', () => {
  let dir: string;
  const started: ChildProcess[] = [];

  const start = (program: string, args: string[]): number => {
    const child = spawn(program, args, { stdio: 'ignore' });
    started.push(child);
    return child.pid!;
  };
  const startDaemon = () => {
    const places = ['runtime-dir', 'state-dir'].flatMap(name => [`--${name}`, join(dir, name)]);
    return start(process.execPath, [VIGIL, 'daemon', '--config', join(dir, 'config.toml'), ...places]);
  };
  const lifecycle = async () => {
    const report = await health(join(dir, 'runtime-dir')).catch(() => null);
    return report?.sensor.programs.find(({ name }) => name === 'lifecycle');
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-left-'));
    writeFileSync(join(dir, 'config.toml'), '[sensor]\ntier = "tracepoint"\n');
  });
  afterEach(async () => {
    for (const { pid, exitCode, signalCode } of started)
      if (exitCode === null && signalCode === null) process.kill(pid!, 'SIGKILL');
    await until('all ended', () => started.every(({ pid }) => !isAlive(pid!)));
    started.length = 0;
    rmSync(dir, { recursive: true, force: true });
  });

  it('takes its bpftrace along, also one whose pipe is full or that is stopped', async () => {
    const daemon = startDaemon();
    await until('attached', async () => (await lifecycle())?.state === 'running');
    const { pid } = (await lifecycle())!;
    const before = childrenOf(daemon);
    expect(before).toContain(pid);
    process.kill(daemon, 'SIGSTOP');
    const churn = spawn('python3', ['-S', '-E', fixture('churn.py'), '3000'], { stdio: 'ignore' });
    await new Promise(done => churn.once('exit', done));
    process.kill(pid!, 'SIGSTOP');
    process.kill(daemon, 'SIGKILL');
    await until('all of them gone', () => before.every(child => !isAlive(child)));
  });

  it('leaves to the next one what stays all the same, and only that is ended', async () => {
    const program = join(BPF_DIR, 'lifecycle.bt');
    const env = { ...process.env, BPFTRACE_STRLEN: '168', BPFTRACE_MAX_STRLEN: '168' };
    const run = () => {
      const child = spawn('/usr/bin/bpftrace', ['-f', 'json', program], { env, stdio: 'ignore' });
      started.push(child);
      return child.pid!;
    };
    const [left, another, reused] = [run(), run(), run()];
    const startOf = (pid: number) => readStat('/proc', pid)!.start_ticks;
    mkdirSync(join(dir, 'runtime-dir'), { mode: 0o755 });
    const children = [
      { pid: left, start_ticks: startOf(left) },
      // The pid of one that ended, which is somebody else's by now.
      { pid: reused, start_ticks: startOf(reused) - 1 },
    ];
    const file = join(dir, 'runtime-dir', 'children.json');
    writeFileSync(file, JSON.stringify({ boot_id: readBootId(), children }), { mode: 0o600 });
    startDaemon();
    await until('it is gone', () => !isAlive(left));
    await until('attached', async () => (await lifecycle())?.state === 'running');
    expect(statOf(another)).not.toBeNull();
    expect([another, reused].every(isAlive)).toBe(true);
    const { pid } = (await lifecycle())!;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { children: unknown[] };
    // The machine may run agents of its own, for which there is another one.
    expect(kept.children).toContainEqual({ pid, start_ticks: startOf(pid!) });
    expect(kept.children).not.toContainEqual(children[0]);
  });
});

describe.skipIf(!isRoot)('a note of what is ours', () => {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  let sleeper: ChildProcess;
  let file: string;
  beforeEach(() => {
    sleeper = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    file = join(mkdtempSync(join(scratch, 'note-')), 'children.json');
  });
  afterEach(() => sleeper.kill('SIGKILL'));

  const end = (boot_id = 'this boot') => new ChildRecord(file, boot_id, log).endLeftovers();

  it('leads to its end, and of what ended by itself there is none', async () => {
    const record = new ChildRecord(file, 'this boot', log);
    record.add(process.pid);
    record.add(sleeper.pid!);
    record.remove(process.pid);
    await end();
    expect(isAlive(sleeper.pid!)).toBe(false);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ boot_id: 'this boot', children: [] });
  });

  it.each<[string, (own: ReturnType<typeof child>) => unknown]>([
    ['of another boot', own => ({ boot_id: 'another', children: [own] })],
    ['of one that started earlier', own => noteOf({ ...own, start_ticks: own.start_ticks - 1 })],
    ['that is no list', own => ({ boot_id: 'this boot', children: own })],
    ['of too many', own => noteOf(...Array(99).fill(own))],
    ['of init', () => noteOf({ pid: 1, start_ticks: 0 })],
    ['of nothing', () => null],
  ])('%s leads to nothing', async (_, note) => {
    writeFileSync(file, JSON.stringify(note(child(sleeper.pid!))));
    await end();
    expect(isAlive(sleeper.pid!)).toBe(true);
  });

  it('that somebody else wrote, or linked, leads to nothing', async () => {
    const note = JSON.stringify(noteOf(child(sleeper.pid!)));
    writeFileSync(file, note);
    chownSync(file, 4321, 4321);
    await end();
    rmSync(file);
    writeFileSync(`${file}.true`, note);
    symlinkSync(`${file}.true`, file);
    await end();
    expect(isAlive(sleeper.pid!)).toBe(true);
  });
});

const noteOf = (...children: unknown[]) => ({ boot_id: 'this boot', children });

function child(pid: number) {
  return { pid, start_ticks: readStat('/proc', pid)!.start_ticks };
}
