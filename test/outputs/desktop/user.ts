import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { libc } from '../../../src/lib/os/libc.js';
import { compiled, ROOT } from '../../compiled.js';

export { ROOT };

const NAME = 'vigiltest';

/** What the tests as an ordinary user need: root, to make one. */
export const CAN_BE_USERS = process.geteuid?.() === 0 && hasProgram('setpriv') && hasProgram('useradd');

export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** An ordinary user of this machine, with a runtime directory of its own, and its processes. */
export class User {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** `/run/user/UID`, fresh. */
  readonly runtime: string;
  readonly env: Record<string, string>;
  private readonly children: ChildProcess[] = [];

  readonly name: string;

  constructor(wanted: string = NAME) {
    const name = freeName(wanted);
    this.name = name;
    if (spawnSync('id', ['-u', name]).status !== 0)
      execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', name]);
    const [, , uid, gid, , home] = passwd(name);
    this.uid = Number(uid);
    this.gid = Number(gid);
    this.home = home!;
    this.runtime = `${process.env.VIGIL_TEST_RUN ?? '/run/user'}/${uid}`;
    this.env = {
      HOME: this.home,
      USER: name,
      LOGNAME: name,
      SHELL: '/bin/bash',
      LANG: 'C.UTF-8',
      PATH: '/usr/local/bin:/usr/bin:/bin',
      XDG_RUNTIME_DIR: this.runtime,
    };
    this.reset();
  }

  /** A runtime directory as logind makes it, and nothing that runs. */
  reset(): void {
    this.killAll();
    // Of a test that was killed.
    for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
      const point = line.split(' ')[1] ?? '';
      if (point.startsWith(`${this.runtime}/`)) spawnSync('umount', [point]);
    }
    rmSync(this.runtime, { recursive: true, force: true });
    this.makeDirectory(this.runtime, 0o700);
    rmSync(join(this.home, '.claude'), { recursive: true, force: true });
  }

  makeDirectory(path: string, mode = 0o755): string {
    mkdirSync(path, { recursive: true, mode });
    chownSync(path, this.uid, this.gid);
    return path;
  }

  private setpriv(command: readonly string[]): string[] {
    return [`--reuid=${this.uid}`, `--regid=${this.gid}`, '--init-groups', '--', ...command];
  }

  /** Agents of this user are served by that daemon and no other that may run on this machine. */
  servedBy(runtimeDir: string): void {
    this.env.VIGIL_RUNTIME_DIR = runtimeDir;
  }

  /** A process of the user that lives until `stop()`. */
  spawn(command: readonly string[], env: Record<string, string> = {}, cwd = this.home): ChildProcess {
    const child = spawn('setpriv', this.setpriv(command), {
      env: { ...this.env, ...env },
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    this.children.push(child);
    return child;
  }

  /** Runs to its end; throws unless it ends well. */
  run(command: readonly string[], env: Record<string, string> = {}, cwd = this.home): string {
    return execFileSync('setpriv', this.setpriv(command), {
      env: { ...this.env, ...env },
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 10_000,
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.splice(0).reverse().map(ended));
    this.killAll();
  }

  /** The user exists for these tests only: what runs as it was started by them (tmux servers, say). */
  private killAll(): void {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if (statSync(`/proc/${name}`).uid === this.uid) process.kill(Number(name), 'SIGKILL');
      } catch {
        // gone by itself
      }
    }
  }
}

/** Tests that run at the same time, from another checkout say, get another user: held until this process ends. */
function freeName(wanted: string): string {
  for (let i = 1; i < 10; i++) {
    const name = i === 1 ? wanted : `${wanted}${i}`;
    const fd = openSync(`/run/lock/vigil-test-${name}`, 'w');
    // LOCK_EX | LOCK_NB
    if (libc()?.flock(fd, 6) === 0) return name;
    closeSync(fd);
  }
  throw new Error(`no user for the test is free: ${wanted}`);
}

export async function ended(child: ChildProcess, patience_ms = 1_500): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), patience_ms).unref();
  });
}

function passwd(name: string): string[] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(entry => entry.startsWith(`${name}:`));
  return line!.split(':');
}

/** vigil, compiled from the sources of now, where ordinary users can read it. */
export class Installed {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-installed-'));
  readonly bin = join(this.dir, 'bin', 'vigil');
  readonly helper = join(this.dir, 'dist', 'outputs', 'desktop', 'helper.js');

  constructor() {
    execFileSync('chmod', ['0755', this.dir]);
    for (const part of ['bin', 'package.json'])
      cpSync(join(ROOT, part), join(this.dir, part), { recursive: true });
    symlinkSync(join(ROOT, 'bpf'), join(this.dir, 'bpf'));
    cpSync(compiled(), join(this.dir, 'dist'), { recursive: true });
    this.installModules();
    cpSync(join(ROOT, 'test/outputs/desktop/fixtures'), join(this.dir, 'fixtures'), { recursive: true });
    // A shell by the name of the agent: agents are known by their program.
    mkdirSync(join(this.dir, 'agents'));
    cpSync('/bin/bash', join(this.dir, 'agents', 'claude'));
    execFileSync('chmod', ['-R', 'a+rX', this.dir]);
  }

  /** The folder of the checkout may be closed to others. */
  private installModules(): void {
    const closed = ROOT.split('/').some((_, i, parts) => {
      const path = parts.slice(0, i + 1).join('/') || '/';
      return (statSync(path).mode & 0o005) !== 0o005;
    });
    const from = join(ROOT, 'node_modules');
    const to = join(this.dir, 'node_modules');
    if (!closed) symlinkSync(from, to);
    else cpSync(from, to, { recursive: true });
  }

  fixture(name: string): string {
    return join(this.dir, 'fixtures', name);
  }

  get claude(): string[] {
    return [join(this.dir, 'agents', 'claude'), this.fixture('claude.sh')];
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
