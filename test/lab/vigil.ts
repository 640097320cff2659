import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentReport, AgentStateEvent, HealthReport } from '../../src/api/client/index.js';
import { repositoryRoot } from './agent-home.js';
import { nowMs, sleep, until } from './clock.js';
import type { DaemonControl } from './scenario.js';

/** An event as it was told, and when the client heard it. */
export interface Heard {
  arrived_ms: number;
  event: AgentStateEvent;
}

/** A time in which a daemon was there to be heard. */
export interface Uptime {
  from_ms: number;
  to_ms: number;
}

export interface VigilOptions {
  /** Gets run/, state/, config.toml, daemon.log. */
  dir: string;
  /** The text of config.toml. */
  config: string;
  record?: string;
  /** Another vigil than that of this checkout. */
  program?: string;
  /** Of the daemon's Node.js. */
  node_options?: readonly string[];
  /** A program and its arguments that ends by becoming the daemon, e.g. `unshare`. */
  wrap?: readonly string[];
}

/** A real `vigil daemon`, and everything it says on its socket. */
export class Vigil implements DaemonControl {
  readonly heard: Heard[] = [];
  readonly uptimes: Uptime[] = [];
  readonly #options: VigilOptions;
  #child: ChildProcess | undefined;
  #socket: Socket | undefined;
  #waiting = new Map<number, (data: unknown) => void>();
  #serial = 0;

  constructor(options: VigilOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true });
    writeFileSync(join(options.dir, 'config.toml'), options.config);
  }

  async startDaemon(): Promise<void> {
    const { dir, record, program, node_options = [], wrap = [] } = this.#options;
    const log = openSync(join(dir, 'daemon.log'), 'a');
    const command = [
      ...wrap,
      process.execPath,
      // As scripts/install.sh and scripts/run-daemon.sh start it.
      '--max-semi-space-size=1',
      ...node_options,
      program ?? join(repositoryRoot(), 'bin/vigil'),
      'daemon',
      ...['--runtime-dir', join(dir, 'run'), '--state-dir', join(dir, 'state')],
      ...['--config', join(dir, 'config.toml')],
      ...(record ? ['--record', record] : []),
    ];
    this.#child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', log, log] });
    const child = this.#child;
    this.#socket = await until(
      'vigil to listen',
      async () => {
        if (child.exitCode !== null)
          throw new Error(
            `vigil ended with ${child.exitCode}: ${readFileSync(join(dir, 'daemon.log'), 'utf8')}`,
          );
        return connect(join(dir, 'run/vigil.sock'));
      },
      60_000,
      20,
    );
    this.uptimes.push({ from_ms: nowMs(), to_ms: Number.POSITIVE_INFINITY });
    const socket = this.#socket;
    socket.on('error', () => {});
    createInterface({ input: socket })
      .on('line', line => this.#hear(line))
      .on('error', () => {}); // it has ended: who asks is told by the clock
    // What it said before we could listen, e.g. of agents that already ran.
    const recent = (await this.#ask('events', { follow: true })) as AgentStateEvent[];
    this.heard.push(...recent.map(event => ({ arrived_ms: nowMs(), event })));
  }

  async stopDaemon(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const gone = new Promise(resolve => child.once('exit', resolve));
    const uptime = this.uptimes.at(-1); // none: it did not start
    if (uptime !== undefined) uptime.to_ms = nowMs();
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 8000);
    await gone;
    clearTimeout(late);
    this.#socket?.destroy();
  }

  async restartDaemon(): Promise<void> {
    await this.stopDaemon();
    await this.startDaemon();
  }

  /** Kills every bpftrace that this daemon started. */
  async killBpftrace(): Promise<void> {
    for (const pid of bpftracesOf(this.#child!.pid!)) process.kill(pid, 'SIGKILL');
  }

  async agents(): Promise<readonly AgentReport[]> {
    return (await this.#ask('agents', {})) as AgentReport[];
  }

  async health(): Promise<HealthReport> {
    return (await this.#ask('health', {})) as HealthReport;
  }

  /** Gives the sensor the time to attach. */
  async settle(): Promise<HealthReport> {
    await sleep(3000);
    return this.health();
  }

  #ask(cmd: string, params: object): Promise<unknown> {
    const id = ++this.#serial;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`vigil did not answer ${cmd}`)), 10_000);
      this.#waiting.set(id, data => {
        clearTimeout(timer);
        resolve(data);
      });
    });
    this.#socket!.write(`${JSON.stringify({ cmd, id, params })}\n`);
    return answer;
  }

  #hear(line: string): void {
    const arrived_ms = nowMs();
    const message = JSON.parse(line) as { type: string; id?: number; data?: unknown };
    if (message.type === 'event') this.heard.push({ arrived_ms, event: message.data as AgentStateEvent });
    else if (message.id !== undefined) this.#waiting.get(message.id)?.(message.data);
  }
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function bpftracesOf(daemon: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent === daemon && stat.includes('(bpftrace)')) found.push(Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
