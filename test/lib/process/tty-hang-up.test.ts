import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

/** Runs a program on a terminal of its own, closes that when the program is ready, and tells how it ended. */
const TERMINAL = `
import os, pty, sys
pid, master = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
while b'ready' not in os.read(master, 1000): pass
os.close(master)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

it('a program whose terminal is closed ends as it wants to', { timeout: 30_000 }, () => {
  const module = resolve('dist/lib/process/tty-hang-up.js');
  const program = `
    import { outliveTerminal } from ${JSON.stringify(module)};
    outliveTerminal();
    process.on('SIGHUP', () => process.exit(7));
    setTimeout(() => {}, 20_000);
    console.log('ready');`;
  const command = [process.execPath, '--input-type=module', '-e', program];
  expect(execFileSync('python3', ['-c', TERMINAL, ...command], { encoding: 'utf8' })).toBe('7\n');
});
