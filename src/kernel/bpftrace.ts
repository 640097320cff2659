import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { cpus } from 'node:os';
import { isAbsolute } from 'node:path';
import { execa } from 'execa';
import { printable } from '../text/printable.js';
import { distrustOfProgram } from '../trusted-path.js';
import { type KeptAnswers, NO_ANSWERS } from './answers.js';
import type { Structs } from './program.js';

/** The only module that starts bpftrace. Always by an absolute path and with an environment of its own. */

const USUAL_PLACES = [
  '/usr/bin/bpftrace',
  '/usr/sbin/bpftrace',
  '/usr/local/bin/bpftrace',
  '/usr/local/sbin/bpftrace',
  '/run/current-system/sw/bin/bpftrace',
];
const OLDEST = [0, 17] as const;
/** Pieces of argv and paths are 160 bytes; 0.17 has room for 184 at most on its 512-byte stack. */
const LONGEST_STRING = 168;
const MAP_KEYS = '16384';
const TERM_AGAIN_MS = 400;
const KILL_MS = 900;

export interface Bpftrace {
  path: string;
  /** e.g. `0.17.0` */
  version: string;
}

export type Found = { bpftrace: Bpftrace } | { bpftrace: null; version: string | null; problem: string };

/** The one that is wanted, else the first of the usual places; only one that nobody else could have put there. */
export async function findBpftrace(
  wanted?: string,
  answers = NO_ANSWERS,
  signal?: AbortSignal,
): Promise<Found> {
  if (wanted !== undefined && !isAbsolute(wanted)) {
    return { bpftrace: null, version: null, problem: `bpftrace path is not absolute: ${wanted}` };
  }
  let refused: string | null = null;
  for (const path of wanted === undefined ? USUAL_PLACES : [wanted]) {
    if (!(await executable(path))) continue;
    const distrust = distrustOfProgram(path);
    if (distrust === null) return versionOf(path, answers, signal);
    refused ??= `${printable(path, 300)} is not run: ${printable(distrust, 300)}`;
  }
  const missing = wanted === undefined ? 'bpftrace is not installed' : `no executable bpftrace at ${wanted}`;
  const problem = refused ?? missing;
  return { bpftrace: null, version: null, problem };
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionOf(path: string, answers: KeptAnswers, signal?: AbortSignal): Promise<Found> {
  const known = answers.of(path).version;
  if (known !== undefined) return { bpftrace: { path, version: known } };
  const result = await ask(path, ['--version'], { limit_ms: 5_000, maxBuffer: 10_000, signal });
  const version = /\bv?(\d+\.\d+(?:\.\d+)?)/.exec(result.stdout)?.[1] ?? null;
  if (version === null) {
    const said = (result.stderr || result.stdout || result.message || '').slice(0, 200);
    return { bpftrace: null, version, problem: `${path} --version says no version: ${said}` };
  }
  const [major, minor] = version.split('.').map(Number) as [number, number];
  if (major === OLDEST[0] && minor < OLDEST[1]) {
    const problem = `bpftrace ${version} is too old, ${OLDEST.join('.')} is needed`;
    return { bpftrace: null, version, problem };
  }
  answers.keep(path, { version });
  return { bpftrace: { path, version } };
}

interface Question {
  limit_ms: number;
  maxBuffer: number;
  signal: AbortSignal | undefined;
}

/** Runs bpftrace for an answer; it is killed when that takes too long, or nobody wants it any more. */
function ask(path: string, args: readonly string[], { limit_ms, maxBuffer, signal }: Question) {
  return execa(path, args, {
    env: environment(),
    extendEnv: false,
    cwd: '/',
    reject: false,
    stdin: 'ignore',
    timeout: limit_ms,
    killSignal: 'SIGKILL',
    maxBuffer,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
}

function environment(string_bytes = LONGEST_STRING): Record<string, string> {
  return {
    LC_ALL: 'C',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    // Each setting by its name until 0.19 and from 0.20 on.
    BPFTRACE_STRLEN: String(string_bytes),
    BPFTRACE_MAX_STRLEN: String(string_bytes),
    BPFTRACE_MAP_KEYS_MAX: MAP_KEYS,
    BPFTRACE_MAX_MAP_KEYS: MAP_KEYS,
    // 1 MiB for each CPU rides out bursts; on large machines the default of 256 KiB has to do.
    ...(cpus().length <= 16 ? { BPFTRACE_PERF_RB_PAGES: '256' } : {}),
  };
}

export interface Exit {
  code: number | null;
  signal: string | null;
  stderr: string;
}

export interface RunningProgram {
  pid: number;
  exited: Promise<Exit>;
  /** TERM, once more after 0.4 s (0.17 can miss it), then KILL. Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Runs a program text with positional parameters, none of whose strings is longer. `onOutput` gets what it prints. */
export function runProgram(
  bpftrace: Bpftrace,
  text: string,
  parameters: readonly string[],
  onOutput: (chunk: string) => void,
  string_bytes?: number,
): RunningProgram | { problem: string } {
  const child = execa(bpftrace.path, ['-f', 'json', '-', ...parameters], {
    env: environment(string_bytes),
    extendEnv: false,
    cwd: '/',
    reject: false,
    buffer: false,
    input: text,
    // A Ctrl-C in vigil's terminal is for vigil, which then stops its programs.
    detached: true,
    cleanup: false,
  });
  let stderr = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', onOutput);
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-16_384);
  });
  const exited = child.then(
    (result): Exit => ({
      code: result.exitCode ?? null,
      signal: result.signal ?? null,
      stderr: complaints(stderr) || (result.exitCode === undefined ? (result.shortMessage ?? '') : ''),
    }),
  );
  const { pid } = child;
  if (pid === undefined) return { problem: `cannot start ${bpftrace.path}` };
  return {
    pid,
    exited,
    stop: async () => {
      const timers = [
        setTimeout(() => child.kill('SIGTERM'), TERM_AGAIN_MS),
        setTimeout(() => child.kill('SIGKILL'), KILL_MS),
      ];
      child.kill('SIGTERM');
      await exited;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** What of its stderr matters: no warnings, no source excerpts, not the harmless line about RLIMIT_MEMLOCK. */
export function complaints(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.includes('RLIMIT_MEMLOCK'));
  const errors = lines.filter(
    line => /error|fail|denied|not permitted|invalid/i.test(line) && !/WARNING/.test(line),
  );
  return (errors.length > 0 ? errors : lines.slice(-2)).join('; ').slice(0, 400);
}

/** The structs of the kernel that the programs want to know the shape of, from its BTF; empty when it has none. */
export async function kernelStructs(
  bpftrace: Bpftrace,
  answers = NO_ANSWERS,
  signal?: AbortSignal,
): Promise<Structs> {
  const known = answers.of(bpftrace.path).structs;
  if (known !== undefined) return known;
  const [pid, n_tty_data] = await Promise.all(
    ['pid', 'n_tty_data'].map(name => struct(bpftrace, name, signal)),
  );
  const structs = { pid: pid!, n_tty_data: n_tty_data! };
  if (Object.values(structs).every(text => text !== '')) answers.keep(bpftrace.path, { structs });
  return structs;
}

async function struct(bpftrace: Bpftrace, name: string, signal?: AbortSignal): Promise<string> {
  const question = ['-lv', `struct ${name}`];
  return (await ask(bpftrace.path, question, { limit_ms: 20_000, maxBuffer: 1_000_000, signal })).stdout;
}

/**
 * Runs a short program that ends by itself. Null when all of its probes were attached and it printed `expected`;
 * else why not, in words.
 */
export async function tryProgram(
  bpftrace: Bpftrace,
  text: string,
  expected: string,
  limit_ms: number,
  signal?: AbortSignal,
): Promise<string | null> {
  const program = ['-f', 'json', '-e', text];
  const result = await ask(bpftrace.path, program, { limit_ms, maxBuffer: 100_000, signal });
  if (result.timedOut) return `bpftrace needed more than ${limit_ms / 1000} s for it`;
  // Old versions only warn when a probe cannot be attached.
  const warning = /^.*(?:could not|unable to|failed to) attach.*$/im.exec(result.stderr)?.[0].trim();
  if (result.exitCode === 0 && warning === undefined && result.stdout.includes(expected)) return null;
  const said = warning?.slice(0, 400) ?? complaints(result.stderr);
  return said || `bpftrace ended with ${result.signal ?? `exit code ${result.exitCode}`} and said nothing`;
}
