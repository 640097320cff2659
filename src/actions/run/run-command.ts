import { execFile } from 'node:child_process';

export interface CommandResult {
  /** Null: it could not be started, or was ended after the time was over. */
  code: number | null;
  stderr: string;
}

export type CommandRunner = (argv: readonly string[]) => Promise<CommandResult>;

const TIMEOUT_MS = 90_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** Runs a program by its absolute path, without a shell and with nothing of our environment. */
export const runCommand: CommandRunner = argv =>
  new Promise(resolve => {
    const [program, ...args] = argv;
    if (program === undefined || !program.startsWith('/')) {
      resolve({ code: null, stderr: 'not an absolute path' });
      return;
    }
    const options = {
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      shell: false,
    };
    execFile(program, args, options, (error, _stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stderr: stderr === '' ? (error?.message ?? '') : stderr });
    });
  });
