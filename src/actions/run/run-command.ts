import { runChild } from '../../lib/process/run-child.js';

export interface CommandResult {
  /** Null: it could not be started, or was ended after the time was over. */
  code: number | null;
  stderr: string;
}

export type CommandRunner = (argv: readonly string[]) => Promise<CommandResult>;

const TIMEOUT_MS = 90_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs a program by its absolute path, without a shell and with nothing of our environment. */
export const runCommand: CommandRunner = async argv => {
  const [program, ...args] = argv;
  if (program === undefined || !program.startsWith('/'))
    return { code: null, stderr: 'not an absolute path' };
  const { code, problem, stderr } = await runChild(program, args, {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGTERM',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    cwd: '/',
  });
  return { code, stderr: stderr === '' ? (problem ?? '') : stderr };
};
