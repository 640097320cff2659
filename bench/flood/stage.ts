import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../../test/lab/agent-home.js';

/** Ordinary users that stand in no database. */
export const HOSTILE_UID = 61_001;
export const ORDINARY_UID = 61_002;
export const PROMPT_UID = 61_004;

const PROGRAMS = join(repositoryRoot(), 'bench/flood/programs');

/** What was started for one row: it is given an end by closing its standard input, and says what it did. */
export class Cast {
  private out = '';
  private readonly ended: Promise<void>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out = (this.out + text).slice(-4_000_000);
    });
    child.stdin?.on('error', () => {});
    this.ended = new Promise(resolve => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** What it said on its standard output. */
  async end(patience_ms = 20_000): Promise<string> {
    this.child.stdin?.end();
    const kill = setTimeout(() => this.child.kill('SIGKILL'), patience_ms);
    await this.ended;
    clearTimeout(kill);
    return this.out.trim();
  }
}

/** A folder of one run, what is compiled into it, and the users' homes. Everything it made goes away with it. */
export class Stage {
  readonly dir: string;
  private readonly casts: Cast[] = [];
  private readonly compiled = new Map<string, string>();
  private readonly runtimeDirs: string[] = [];

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'vigil-flood-'));
    chmodSync(this.dir, 0o755);
  }

  /** Compiles a program of programs/, or another C file, to a file of this name. */
  compile(source: string, name = source): string {
    const known = this.compiled.get(name);
    if (known !== undefined) return known;
    const from = source.endsWith('.c') ? join(repositoryRoot(), source) : join(PROGRAMS, `${source}.c`);
    const folder = join(this.dir, `bin-${this.compiled.size}`);
    mkdirSync(folder);
    const file = join(folder, name);
    execFileSync('cc', ['-O2', '-o', file, from, '-lutil']);
    this.compiled.set(name, file);
    return file;
  }

  script(name: string): string {
    return join(PROGRAMS, name);
  }

  /** The home of a user, with a runtime directory as a login makes it. */
  home(uid: number): string {
    const home = join(this.dir, `home-${uid}`);
    mkdirSync(home, { recursive: true });
    chownSync(home, uid, uid);
    const runtime = `/run/user/${uid}`;
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
    chownSync(runtime, uid, uid);
    this.runtimeDirs.push(runtime);
    return home;
  }

  start(file: string, args: readonly string[], uid = 0): Cast {
    const home = uid === 0 ? this.dir : this.home(uid);
    const env = { PATH: '/usr/bin:/bin', HOME: home, XDG_RUNTIME_DIR: `/run/user/${uid}`, LC_ALL: 'C.UTF-8' };
    const child = spawn(file, args, { env, cwd: home, uid, gid: uid, stdio: ['pipe', 'pipe', 'inherit'] });
    const cast = new Cast(child);
    this.casts.push(cast);
    return cast;
  }

  python(name: string, args: readonly string[], uid = 0): Cast {
    return this.start('/usr/bin/python3', [this.script(name), ...args], uid);
  }

  node(name: string, args: readonly string[], uid = 0): Cast {
    return this.start(process.execPath, [this.script(name), ...args], uid);
  }

  /** A program of this user on a terminal of its own. */
  onTerminal(command: readonly string[], uid = HOSTILE_UID): Cast {
    return this.python('on-terminal.py', command, uid);
  }

  /** An agent that does nothing. */
  agent(uid = HOSTILE_UID): Cast {
    return this.onTerminal([this.compile('idle', 'claude')], uid);
  }

  async end(): Promise<void> {
    // Nobody asks any more what they did.
    await Promise.all(this.casts.map(cast => cast.end(500)));
    rmSync(this.dir, { recursive: true, force: true });
    for (const dir of this.runtimeDirs) rmSync(dir, { recursive: true, force: true });
  }
}

/** The only child of a process, once it is there. */
export async function childOf(pid: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    if (child) return Number(child);
    await sleep(20);
  }
  throw new Error(`process ${pid} started nothing`);
}
