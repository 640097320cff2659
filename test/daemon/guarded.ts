import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type {
  AgentReport,
  AlertEvent,
  AlertReport,
  HealthReport,
  VigilEvent,
} from '../../src/api/client/index.js';
import { type ApiClient, connectToDaemon } from '../../src/api/client/index.js';
import { ended } from '../outputs/desktop/user.js';
import { until } from './until.js';

const VIGIL = resolve('bin/vigil');

/** The built daemon with a state directory of its own, and everything that it says about alerts. */
export class GuardedMachine {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-guard-'));
  readonly runtimeDir = join(this.dir, 'run');
  /** Over all runs, as `vigil events` printed them. */
  readonly said: AlertEvent[] = [];
  private daemon: ChildProcess | null = null;
  private follower: ChildProcess | null = null;
  private client: Promise<ApiClient> | null = null;

  async start(config: string): Promise<void> {
    writeFileSync(join(this.dir, 'config.toml'), config);
    mkdirSync(this.runtimeDir, { recursive: true });
    const log = openSync(join(this.dir, 'log'), 'a');
    const own = ['--config', join(this.dir, 'config.toml'), '--state-dir', join(this.dir, 'state')];
    const place = ['--runtime-dir', this.runtimeDir];
    this.daemon = spawn(process.execPath, [VIGIL, 'daemon', '--log-format', 'json', ...own, ...place], {
      stdio: ['ignore', log, log],
    });
    await until('the daemon', async () => (await this.vigil('health')).exitCode !== 2);
    this.follow(place);
  }

  private follow(place: readonly string[]): void {
    const args = ['events', '--json', '--follow', '-n', '1000000', ...place];
    const follower = spawn(process.execPath, [VIGIL, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.follower = follower;
    let heard = false;
    createInterface({ input: follower.stdout }).on('line', line => {
      heard = true;
      const event = JSON.parse(line) as VigilEvent;
      if (event.type !== 'agent_state') this.said.push(event);
    });
    // A client has patience for 5 s, which a busy machine may need.
    follower.once('exit', () => {
      if (this.follower === follower && !heard) this.follow(place);
    });
  }

  /**
   * SIGTERM, or SIGKILL: what it knew is then only on the disk. Answers how it ended: 0 when in order, null when it had
   * to be killed.
   */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const { daemon, follower } = this;
    this.follower = null;
    await this.client?.then(
      client => client.close(),
      () => {},
    );
    this.client = null;
    if (signal === 'SIGKILL') daemon?.kill('SIGKILL');
    if (daemon !== null) await ended(daemon, 60_000);
    if (follower !== null) await ended(follower);
    this.daemon = null;
    return daemon?.exitCode ?? null;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async vigil(...args: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
    return execa(process.execPath, [VIGIL, ...args, '--runtime-dir', this.runtimeDir], {
      reject: false,
    });
  }

  /** Through one connection: a process for each question would starve a machine that has no core to spare. */
  private async ask<T>(question: (client: ApiClient) => Promise<T>): Promise<T> {
    this.client ??= connectToDaemon({ runtimeDir: this.runtimeDir, timeoutMs: 90_000 });
    return question(await this.client);
  }

  /** The open ones; `all`: with those that are over. */
  async alerts(all = false): Promise<readonly AlertReport[]> {
    return this.ask(client => client.call('alerts', { all }));
  }

  async agents(): Promise<readonly AgentReport[]> {
    return this.ask(client => client.call('agents'));
  }

  /** Resolves when it knows the agent of that pid. */
  async knows(agent_pid: number): Promise<void> {
    await until('the agent', async () => (await this.agents()).some(({ pid }) => pid === agent_pid));
  }

  async health(): Promise<HealthReport> {
    return this.ask(client => client.call('health'));
  }

  /** Resolves when it has looked at the processes so often again. `each`: done while waiting. */
  async looks(count: number, each: () => void = () => {}): Promise<void> {
    const runs = async () =>
      (await this.health()).collectors.find(({ name }) => name === 'processes')?.runs ?? 0;
    const first = await runs();
    await until(`${count} looks`, async () => {
      each();
      return (await runs()) >= first + count;
    });
  }

  log(): string {
    return readFileSync(join(this.dir, 'log'), 'utf8');
  }

  about(is: (alert: AlertReport) => boolean): AlertEvent[] {
    return this.said.filter(({ alert }) => is(alert));
  }
}
