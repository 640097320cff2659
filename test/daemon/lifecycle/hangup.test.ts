import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-hangup-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A daemon on a terminal of its own: a SIGHUP by hand, then one because the terminal is closed. */
const TERMINAL = `
import os, pty, signal, sys, time
dir, *command = sys.argv[1:]
pid, master = pty.fork()
if pid == 0:
    log = os.open(dir + '/log', os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(log, 2)
    os.execvp(command[0], command)
def until(done):
    for _ in range(300):
        if done(): return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    sys.exit('not within 30 s: ' + open(dir + '/log').read())
logged = lambda text: text in open(dir + '/log').read()
until(lambda: os.path.exists(dir + '/log') and logged('vigil is watching'))
with open(dir + '/config.toml', 'a') as file: file.write('log_level = "debug"\\n')
os.kill(pid, signal.SIGHUP)
until(lambda: logged('the configuration is taken over'))
print('alive' if os.waitpid(pid, os.WNOHANG)[0] == 0 else 'ended')
os.close(master)
status = []
def ended():
    found, how = os.waitpid(pid, os.WNOHANG)
    if found: status.append(how)
    return found
until(ended)
print(status[0])
`;

it('SIGHUP is a wish to read the configuration, unless the terminal is closed', { timeout: 100_000 }, () => {
  writeFileSync(join(dir, 'config.toml'), 'sensor.tier = "procfs"\nhistory.enabled = false\n');
  const places = [
    '--config',
    `${dir}/config.toml`,
    '--runtime-dir',
    `${dir}/run`,
    '--state-dir',
    `${dir}/state`,
  ];
  const daemon = [process.execPath, resolve('bin/vigil'), 'daemon', '--log-format', 'json', ...places];
  const out = execFileSync('python3', ['-c', TERMINAL, dir, ...daemon], { encoding: 'utf8' });
  expect(out).toBe('alive\n0\n');
  expect(readFileSync(join(dir, 'log'), 'utf8')).toContain('stopping');
});
