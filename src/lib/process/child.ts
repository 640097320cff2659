import { type ChildProcessByStdio, type ExecFileException, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { readWhole } from '../files/bounded-read.js';
import { findProgram } from '../files/find-program.js';

/**
 * Programs that the daemon starts: none outlives it, and none that cannot be started ends it. With Node's own means:
 * those that run for as long as vigil does would keep execa's 5 MB in memory all that time.
 */

/** util-linux has 80 kB; more is something else. */
const MAX_SETPRIV_BYTES = 4_000_000;
/** Three pipes, the one in which the exec is told to have worked, and some that others open meanwhile. */
const DESCRIPTORS = 12;

export type LongChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a program ended. */
export interface ChildEnd {
  /** Why it could not be started, e.g. `EAGAIN`; null: it was. */
  refused: string | null;
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * Starts a program by its absolute path that runs until it is told to end: with these variables alone, in a process group
 * of its own, since a Ctrl-C in vigil's terminal is for vigil. It is killed when we end, however we end.
 * @throws when there are not enough descriptors
 */
export function startChild(program: string, args: readonly string[], env: Record<string, string>): LongChild {
  needDescriptors();
  const [file, ...words] = endingWithUs(program, args);
  const child = spawn(file!, words, { env, cwd: '/', stdio: 'pipe', detached: true });
  child.stdin.on('error', () => {}); // it ended without reading
  return child;
}

/** Resolves when it has ended and all that it wrote has been read; does not reject. */
export function endOf(child: LongChild): Promise<ChildEnd> {
  return new Promise(resolve => {
    let refused: string | null = null;
    child.once('error', (error: NodeJS.ErrnoException) => {
      refused = error.code ?? error.message;
      if (child.pid === undefined) resolve({ refused, code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ refused: null, code, signal }));
  });
}

export interface ChildQuestion {
  env: Record<string, string>;
  /** Then it is killed. */
  limit_ms: number;
  /** Characters of its output; with more it is killed. */
  max_chars: number;
  /** It is killed when nobody wants the answer any more. */
  signal?: AbortSignal | undefined;
  /** One that even a kill does not end is not waited for when vigil ends. */
  may_stay?: boolean;
}

export interface ChildAnswer {
  stdout: string;
  stderr: string;
  /** Undefined: it was ended by a signal, or not started. */
  exit_code?: number | undefined;
  signal?: string | undefined;
  timed_out: boolean;
  message?: string | undefined;
  /** Why it could not be started, e.g. `EAGAIN`. */
  code?: string | undefined;
}

/** Of Node.js: it said more than fits. */
const TOO_MUCH = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

/** Starts a program by its absolute path that is asked one thing and ends. Does not reject. */
export function askChild(
  program: string,
  args: readonly string[],
  { env, limit_ms, max_chars, signal, may_stay }: ChildQuestion,
): Promise<ChildAnswer> {
  const [file, ...words] = endingWithUs(program, args);
  const options = {
    env,
    cwd: '/',
    timeout: limit_ms,
    killSignal: 'SIGKILL',
    maxBuffer: max_chars,
    ...(signal === undefined ? {} : { signal }),
  } as const;
  return new Promise(resolve => {
    const ended = (error: ExecFileException | null, stdout = '', stderr = '') =>
      resolve({ stdout, stderr, ...outcomeOf(error, signal?.aborted === true) });
    try {
      const child = execFile(file!, words, options, ended);
      child.stdin?.on('error', () => {}).end();
      if (!may_stay) return;
      child.unref();
      for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket | null)?.unref();
    } catch (error) {
      ended(error as ExecFileException);
    }
  });
}

function outcomeOf(
  error: ExecFileException | null,
  aborted: boolean,
): Omit<ChildAnswer, 'stdout' | 'stderr'> {
  if (error === null) return { exit_code: 0, timed_out: false };
  const { code, signal, killed, message } = error;
  return {
    exit_code: typeof code === 'number' ? code : undefined,
    signal: signal ?? undefined,
    timed_out: killed === true && (code as unknown) !== TOO_MUCH && !aborted,
    message,
    code: typeof code === 'string' ? code : undefined,
  };
}

/** The command that makes the kernel kill the program when we end (PR_SET_PDEATHSIG, prctl(2)), where setpriv is there to ask. */
export function endingWithUs(program: string, args: readonly string[]): string[] {
  const setpriv = setprivForChildren();
  return setpriv === null ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', program, ...args];
}

let found: string | null | undefined;

/** A setpriv that knows `--pdeathsig` (util-linux 2.33 or newer; not busybox's); null: there is none. */
export function setprivForChildren(): string | null {
  if (found === undefined) found = findProgram('setpriv', { isFit: hasParentDeathSignal });
  return found;
}

/** To ask the program itself would cost a process at each start. */
function hasParentDeathSignal(path: string): boolean {
  try {
    return readWhole(path, MAX_SETPRIV_BYTES).includes('--pdeathsig');
  } catch {
    return false;
  }
}

/** @throws when there are too few for a child: what starts it may fail in ways that nobody can hear */
export function needDescriptors(): void {
  const held: number[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i++) held.push(openSync('/dev/null', 'r'));
  } finally {
    for (const fd of held) closeSync(fd);
  }
}
