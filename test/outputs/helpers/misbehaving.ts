import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const FIXTURES = resolve('test/fixtures');

/**
 * The programs of test/fixtures, run as something that nobody waits for: each leads a session of its own. Copies of
 * them, since alike programs of a user are one alert, and other tests may run the same ones at the same time.
 */
export class Misbehaving {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-misbehaving-'));
  private readonly running: Program[] = [];
  private readonly mounts: string[] = [];
  private readonly claude = join(this.dir, 'claude');

  /** @param known resolves when the agent of that pid is known to whoever watches: what it starts is its own then */
  constructor(private readonly known: (agent_pid: number) => Promise<void> = async () => {}) {
    copyFileSync('/bin/bash', this.claude);
    chmodSync(this.claude, 0o755);
    cpSync(FIXTURES, this.dir, { recursive: true });
  }

  async start(fixture: string, ...args: string[]): Promise<Program> {
    return this.run(fixture, 'python3', [join(this.dir, fixture), ...args]);
  }

  /** As the tool of a Claude Code that works in the folder `shop`. */
  async startByAgent(fixture: string, ...args: string[]): Promise<Program> {
    const gate = join(this.dir, `gate${this.running.length}`);
    const tool = [join(this.dir, 'agent.sh'), gate, 'python3', join(this.dir, fixture), ...args];
    return this.run(fixture, this.claude, tool, async pid => {
      await this.known(pid);
      writeFileSync(gate, '');
    });
  }

  /** A small filesystem in memory, with room for 8 MB and 200 files. */
  mount(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path);
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,nr_inodes=200', name, path]);
    if (status !== 0) throw new Error(`cannot mount a tmpfs: ${stderr}`);
    this.mounts.push(path);
    return path;
  }

  /** A mount that does not answer until its program gets SIGUSR1 or ends. */
  async silentMount(name: string): Promise<{ mount: string; program: Program }> {
    const mount = join(this.dir, name);
    mkdirSync(mount);
    this.mounts.push(mount);
    return { mount, program: await this.start('silent_mount.py', mount) };
  }

  remove(): void {
    for (const program of this.running) program.end();
    for (const path of this.mounts) spawnSync('umount', ['--lazy', path]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async run(
    fixture: string,
    file: string,
    args: readonly string[],
    begin: (pid: number) => Promise<void> = async () => {},
  ): Promise<Program> {
    const cwd = join(this.dir, 'shop');
    mkdirSync(cwd, { recursive: true });
    const child = spawn(file, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const program = new Program(`${basename(this.dir)}/${fixture}`, child);
    this.running.push(program);
    await begin(child.pid!);
    for await (const line of createInterface({ input: child.stdout })) {
      program.pids = line.split(' ').map(Number);
      return program;
    }
    throw new Error(`${fixture} ended before it began`);
  }
}

/** A fixture that runs. */
export class Program {
  /** Its own, and those of the children that it told of. */
  pids: readonly number[] = [];

  /** @param file with its folder, as alerts call it */
  constructor(
    private readonly file: string,
    private readonly child: ChildProcess,
  ) {}

  /** As alerts call it. */
  get name(): string {
    return `python3 ${this.file}`;
  }

  get pid(): number {
    return this.pids[0]!;
  }

  /** Of the agent that started it, where one did. */
  get agent_pid(): number {
    return this.child.pid!;
  }

  /** Of what nobody saw end, the pid may be somebody else's by now. */
  end(): void {
    for (const pid of this.pids) if (this.isStill(pid)) process.kill(pid, 'SIGKILL');
    this.endAgent();
  }

  /** The agent only: its tools live on. */
  endAgent(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
  }

  private isStill(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.file);
    } catch {
      return false;
    }
  }
}
