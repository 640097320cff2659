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
} from '../../src/api/contract.js';
import { ended } from '../session/user.js';
import { until } from './until.js';

const VIGIL = resolve('bin/vigil');

/** The built daemon with a state directory of its own, and everything that it says about alerts. */
export class GuardedMachine {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-guard-'));
  /** Over all runs, as `vigil events` printed them. */
  readonly said: AlertEvent[] = [];
  private daemon: ChildProcess | null = null;
  private follower: ChildProcess | null = null;

  async start(config: string): Promise<void> {
    writeFileSync(join(this.dir, 'config.toml'), config);
    mkdirSync(join(this.dir, 'run'), { recursive: true });
    const log = openSync(join(this.dir, 'log'), 'a');
    const own = ['--config', join(this.dir, 'config.toml'), '--state-dir', join(this.dir, 'state')];
    const place = ['--runtime-dir', join(this.dir, 'run')];
    this.daemon = spawn(process.execPath, [VIGIL, 'daemon', '--log-format', 'json', ...own, ...place], {
      stdio: ['ignore', log, log],
    });
    await until('the daemon', async () => (await this.vigil('health')).exitCode !== 2);
    this.follower = spawn(
      process.execPath,
      [VIGIL, 'events', '--json', '--follow', '-n', '1000000', ...place],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    createInterface({ input: this.follower.stdout! }).on('line', line => {
      const event = JSON.parse(line) as VigilEvent;
      if (event.type !== 'agent_state') this.said.push(event);
    });
  }

  /**
   * SIGTERM, or SIGKILL: what it knew is then only on the disk. Answers how it ended: 0 when in order, null when it had
   * to be killed.
   */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const { daemon } = this;
    if (signal === 'SIGKILL') daemon?.kill('SIGKILL');
    if (daemon !== null) await ended(daemon, 60_000);
    if (this.follower !== null) await ended(this.follower);
    this.daemon = null;
    this.follower = null;
    return daemon?.exitCode ?? null;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async vigil(...args: string[]): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
    return execa(process.execPath, [VIGIL, ...args, '--runtime-dir', join(this.dir, 'run')], {
      reject: false,
    });
  }

  async alerts(...args: string[]): Promise<AlertReport[]> {
    return this.json('alerts', ...args);
  }

  async agents(): Promise<AgentReport[]> {
    return this.json('agents');
  }

  /** Resolves when it knows the agent of that pid. */
  async knows(agent_pid: number): Promise<void> {
    await until('the agent', async () => (await this.agents()).some(({ pid }) => pid === agent_pid));
  }

  async health(): Promise<HealthReport> {
    return this.json('health');
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

  private async json<T>(command: string, ...args: string[]): Promise<T> {
    let answer = '';
    // A client's patience is 5 s: not much on a machine that has no core to spare.
    await until(`vigil ${command}`, async () => {
      answer = (await this.vigil(command, '--json', ...args)).stdout;
      return answer !== '';
    });
    return JSON.parse(answer) as T;
  }

  log(): string {
    return readFileSync(join(this.dir, 'log'), 'utf8');
  }

  about(is: (alert: AlertReport) => boolean): AlertEvent[] {
    return this.said.filter(({ alert }) => is(alert));
  }
}
