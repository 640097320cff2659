import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { cpus } from 'node:os';
import { isAbsolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { distrustOfProgram } from '../../lib/files/trusted-path.js';
import { askChild, type ChildAnswer, endOf, type LongChild, startChild } from '../../lib/process/child.js';
import { printable } from '../../lib/text/printable.js';
import { type BpftraceProbeCache, NO_PROBE_CACHE } from './bpftrace-probe-cache.js';
import { LineReader } from './events/reader.js';
import { MAP_KEYS, type Structs } from './program.js';

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
/** A map is printed on one line: `"123456,1049601,2": 2572561965652, ` for each key. */
const LONGEST_LINE = MAP_KEYS * 48;
/** Not enough of something that others use up: errno(3). */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);
const ASK_AGAIN_MS = [250, 500, 1_000, 2_000, 4_000];
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
  cache = NO_PROBE_CACHE,
  signal?: AbortSignal,
): Promise<Found> {
  if (wanted !== undefined && !isAbsolute(wanted)) {
    return { bpftrace: null, version: null, problem: `bpftrace path is not absolute: ${wanted}` };
  }
  let refused: string | null = null;
  for (const path of wanted === undefined ? USUAL_PLACES : [wanted]) {
    if (!(await executable(path))) continue;
    const distrust = distrustOfProgram(path);
    if (distrust === null) return versionOf(path, cache, signal);
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

async function versionOf(path: string, cache: BpftraceProbeCache, signal?: AbortSignal): Promise<Found> {
  const known = cache.of(path).version;
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
  cache.keep(path, { version });
  return { bpftrace: { path, version } };
}

interface Question {
  limit_ms: number;
  maxBuffer: number;
  signal: AbortSignal | undefined;
}

/**
 * Runs bpftrace for an answer; it is killed when that takes too long, or nobody wants it any more. When it cannot be
 * started, that is tried again for some seconds: a storm of processes passes.
 */
async function ask(path: string, args: readonly string[], question: Question) {
  for (const pause_ms of ASK_AGAIN_MS) {
    const answer = await askOnce(path, args, question);
    if (answer.code === undefined || !PASSING.has(answer.code) || question.signal?.aborted) return answer;
    await sleep(pause_ms, undefined, { signal: question.signal }).catch(() => {});
  }
  return askOnce(path, args, question);
}

function askOnce(
  path: string,
  args: readonly string[],
  { limit_ms, maxBuffer, signal }: Question,
): Promise<ChildAnswer> {
  return askChild(path, args, { env: environment(), limit_ms, max_chars: maxBuffer, signal });
}

function environment(string_bytes = LONGEST_STRING): Record<string, string> {
  return {
    LC_ALL: 'C',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    // What the compiler leaves behind goes back to the system: a quarter of what stays is free heap else.
    MALLOC_TRIM_THRESHOLD_: '65536',
    // Each setting by its name until 0.19 and from 0.20 on.
    BPFTRACE_STRLEN: String(string_bytes),
    BPFTRACE_MAX_STRLEN: String(string_bytes),
    BPFTRACE_MAP_KEYS_MAX: String(MAP_KEYS),
    BPFTRACE_MAX_MAP_KEYS: String(MAP_KEYS),
    // 1 MiB for each CPU rides out bursts; on large machines the default of 256 KiB has to do.
    ...(cpus().length <= 16 ? { BPFTRACE_PERF_RB_PAGES: '256' } : {}),
  };
}

export interface Exit {
  /** It did not even start, e.g. because there are too many processes: why. */
  refused: string | null;
  code: number | null;
  signal: string | null;
  stderr: string;
}

export interface RunningProgram {
  /** Null when it did not start: `exited` tells why. */
  pid: number | null;
  /** Never rejects. */
  exited: Promise<Exit>;
  /** TERM, once more after 0.4 s (0.17 can miss it), then KILL. Resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface ProgramInput {
  text: string;
  /** Positional ones of the program. */
  parameters: readonly string[];
  /** No string that it prints is longer; the usual limit when left out. */
  string_bytes?: number;
}

/** Gets each line that a program prints; null for one that is too long. */
export interface ProgramOutput {
  line(line: string | null): void;
  /** No more lines for now. */
  isBusy?(): boolean;
}

export type RunProgram = (bpftrace: Bpftrace, input: ProgramInput, output: ProgramOutput) => RunningProgram;

export const runProgram: RunProgram = (bpftrace, input, output) => {
  let child: LongChild;
  try {
    child = spawnProgram(bpftrace, input);
  } catch (error) {
    const refused = (error as NodeJS.ErrnoException).code ?? String(error);
    const exit: Exit = { refused, code: null, signal: null, stderr: '' };
    return { pid: null, exited: Promise.resolve(exit), stop: async () => {} };
  }
  let stderr = '';
  new LineReader(child.stdout, line => output.line(line), {
    longest: LONGEST_LINE,
    isBusy: () => output.isBusy?.() ?? false,
  });
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-16_384);
  });
  const exited = endOf(child).then(({ refused, code, signal }): Exit => {
    return { refused, code, signal, stderr: complaints(stderr) };
  });
  const stop = async () => {
    const timers = [
      setTimeout(() => child.kill('SIGTERM'), TERM_AGAIN_MS),
      setTimeout(() => child.kill('SIGKILL'), KILL_MS),
    ];
    child.kill('SIGTERM');
    await exited;
    for (const timer of timers) clearTimeout(timer);
  };
  let stopping: Promise<void> | null = null;
  return {
    pid: child.pid ?? null,
    exited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};

function spawnProgram(bpftrace: Bpftrace, { text, parameters, string_bytes }: ProgramInput): LongChild {
  const child = startChild(bpftrace.path, ['-f', 'json', '-', ...parameters], environment(string_bytes));
  child.stdin.end(text);
  return child;
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
  cache = NO_PROBE_CACHE,
  signal?: AbortSignal,
): Promise<Structs> {
  const known = cache.of(bpftrace.path).structs;
  if (known !== undefined) return known;
  const [pid, n_tty_data] = await Promise.all(
    ['pid', 'n_tty_data'].map(name => struct(bpftrace, name, signal)),
  );
  const structs = { pid: pid!, n_tty_data: n_tty_data! };
  if (Object.values(structs).every(text => text !== '')) cache.keep(bpftrace.path, { structs });
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
  if (result.timed_out) return `bpftrace needed more than ${limit_ms / 1000} s for it`;
  // Old versions only warn when a probe cannot be attached.
  const warning = /^.*(?:could not|unable to|failed to) attach.*$/im.exec(result.stderr)?.[0].trim();
  if (result.exit_code === 0 && warning === undefined && result.stdout.includes(expected)) return null;
  const said = warning?.slice(0, 400) ?? complaints(result.stderr);
  return said || `bpftrace ended with ${result.signal ?? `exit code ${result.exit_code}`} and said nothing`;
}
