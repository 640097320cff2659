import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { hasProgram } from '../outputs/desktop/user.js';
import { Misbehaving } from '../outputs/helpers/misbehaving.js';
import { GuardedMachine } from './guarded.js';
import { until } from './until.js';

/**
 * Healthy work, however heavy, is no trouble. Thresholds are the defaults, but for CPU, which is far lower: on a
 * machine with other work nobody would get 90 % of a core. Durations are seconds: more would be reported, not less.
 */
const CONFIG = `
[sampling]
sample_interval_normal_s = 0.5
sample_interval_alert_s = 0.5
[thresholds]
zombie_timeout_s = 15
[detection]
cpu_high = { threshold_percent = 10, duration_s = 2 }
agent_spinning = { duration_s = 2 }
stopped = { duration_s = 1 }
hang = { duration_s = 10 }
memory_leak = { warmup_s = 0 }
orphan = { duration_s = 1 }
duplicates = { min_age_s = 2 }
ghost_process_storm = { duration_s = 1 }
`;

vi.setConfig({ testTimeout: 400_000, hookTimeout: 150_000 });

const machine = new GuardedMachine();
const dir = mkdtempSync(join(tmpdir(), 'vigil-healthy-'));
const running: ChildProcess[] = [];
const programs = new Misbehaving();

beforeAll(async () => {
  await machine.start(CONFIG);
});

afterAll(async () => {
  programs.remove();
  endAll();
  await machine.remove();
  // What was killed a moment ago may still write.
  rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

/** In a session of its own. */
function start(file: string, args: readonly string[], cwd = dir): ChildProcess {
  const child = spawn(file, args, { cwd, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  running.push(child);
  return child;
}

/** A prompt, as in a terminal, into which the line is typed. */
function typed(line: string, cwd = dir): ChildProcess {
  const shell = start('/bin/bash', ['--norc', '-i'], cwd);
  shell.stdin!.write(`${line}\n`);
  return shell;
}

/** Every process of the sessions that this test began. */
function living(): number[] {
  const sessions = new Set(running.map(({ pid }) => pid));
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && sessions.has(sidOf(pid) ?? -1));
}

/** Whole sessions: the jobs of a prompt are groups of their own, and outlive it. */
function endAll(): void {
  for (const pid of living()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended by itself
    }
  }
}

/** As far as they were seen: the short-lived are no trouble. */
const ours = new Set<number>();

function lookForOurs(): void {
  for (const pid of living()) ours.add(pid);
}

function sidOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
  } catch {
    return null;
  }
}

/** Of what was said, that about healthy work. */
function wrongly(): string[] {
  return machine.said
    .filter(({ type }) => type === 'alert_opened')
    .filter(({ alert }) => alert.subject.processes.some(({ pid }) => ours.has(pid)))
    .map(({ alert }) => `${alert.rule}: ${alert.title}`);
}

function project(name: string, files: Record<string, string>): string {
  const path = join(dir, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

/** Code that takes a compiler some time. */
function source(i: number): string {
  const functions = Array.from(
    { length: 400 },
    (_, j) =>
      `double f${i}_${j}(double x) { for (int k = 0; k < 9; k++) x = x * ${j}.5 + x / (k + 1); return x; }`,
  );
  return functions.join('\n');
}

const BUSY =
  "require('fs').writeFileSync('began', ''); const end = Date.now() + 12000; while (Date.now() < end) require('crypto').randomBytes(65536);";

it('builds, package managers, browsers and many shells are no trouble', async () => {
  const names = Array.from({ length: 24 }, (_, i) => `a${i}`);
  const build = project('build', {
    ...Object.fromEntries(names.map((name, i) => [`${name}.c`, source(i)])),
    Makefile: `all: ${names.map(name => `${name}.o`).join(' ')}\n%.o: %.c\n\tgcc -O2 -c $< -o $@\n`,
  });
  // One in a terminal, one by a service or a job of a CI machine.
  typed('make -j4', build);
  start('make', ['-j4', '-C', build, '-B']);
  const packages = project('packages', {
    'package.json': JSON.stringify({ name: 'p', version: '1.0.0', scripts: { install: 'node busy.js' } }),
    'package-lock.json': JSON.stringify({
      name: 'p',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'p', version: '1.0.0', hasInstallScript: true } },
    }),
    'busy.js': BUSY,
  });
  typed('npm ci --offline', packages);
  for (let i = 0; i < 20; i++) start('/bin/bash', ['--norc', '-i']);
  if (hasProgram('chromium')) {
    const page = join(dir, 'page.html');
    writeFileSync(page, '<script>setInterval(() => { for (let i = 0; i < 1e7; i++); }, 1)</script>');
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
    start('chromium', [...flags, `--user-data-dir=${join(dir, 'profile')}`, `file://${page}`]);
  }
  await until('the work', () => existsSync(join(build, 'a0.o')) && existsSync(join(packages, 'began')));
  if (hasProgram('chromium')) await until('the browser', () => existsSync(join(dir, 'profile')));
  await machine.looks(30, lookForOurs);
  expect(wrongly()).toEqual([]);
  // With whatever they started meanwhile.
  await until('the end of all', () => {
    endAll();
    return living().length === 0;
  });
  running.length = 0;
  await machine.looks(10, lookForOurs);
  expect(wrongly()).toEqual([]);
});

it('what is left when it is quiet is silence, while a spinner in the same place would be told of', async () => {
  const spinner = await programs.start('spinner.py');
  ours.add(spinner.pid);
  await until('the spinner', () => wrongly().length > 0);
  expect(wrongly()).toEqual([expect.stringContaining('cpu_high')]);
  spinner.end();
  await machine.looks(10);
  expect(wrongly()).toHaveLength(1);
});
