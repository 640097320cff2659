import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentReport, ApiClient } from '../../../src/api/client/index.js';
import { defaultConfig } from '../../../src/config/schema.js';
import { ask } from '../../ask.js';
import { until } from './desktop.js';
import { ended, type Installed } from './user.js';

/** The machine that tests run on may be in trouble of its own: that is not what they ask about. */
function noRulesBut(wanted: readonly string[]): string {
  return Object.keys(defaultConfig().detection)
    .filter(rule => !wanted.includes(rule))
    .map(rule => `[detection.${rule}]\nenabled = false\n`)
    .join('');
}

/** A `vigil daemon` of root that watches agents, and nothing else but what is asked for. */
export class Daemon {
  readonly dir = mkdtempSync(join(tmpdir(), 'vigil-session-'));
  readonly runtimeDir = join(this.dir, 'run');
  private child: ChildProcess | null = null;

  constructor(private readonly installed: Installed) {
    // Its socket is for everybody, as the one in /run is.
    spawnSync('chmod', ['0755', this.dir]);
    mkdirSync(this.runtimeDir, { mode: 0o755 });
  }

  get pid(): number {
    return this.child!.pid!;
  }

  async start(config = '', rules: readonly string[] = []): Promise<void> {
    const file = join(this.dir, 'config.toml');
    writeFileSync(file, `${config}\n${noRulesBut(rules)}`);
    const log = openSync(join(this.dir, 'log'), 'a');
    const args = ['--runtime-dir', this.runtimeDir, '--state-dir', join(this.dir, 'state'), '--config', file];
    this.child = spawn(
      process.execPath,
      [this.installed.bin, 'daemon', '--log-format', 'json', '--log-level', 'debug', ...args],
      {
        stdio: ['ignore', log, log],
      },
    );
    await until(
      'the daemon',
      () =>
        this.ask(client => client.call('health')).then(
          () => true,
          () => false,
        ),
      60_000,
    );
  }

  async stop(): Promise<void> {
    if (this.child !== null) await ended(this.child, 6_000);
    this.child = null;
  }

  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
  }

  vigil(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [this.installed.bin, ...args, '--runtime-dir', this.runtimeDir], {
      encoding: 'utf8',
    });
  }

  ask<T>(question: (client: ApiClient) => Promise<T>): Promise<T> {
    return ask(this.runtimeDir, question);
  }

  agents(): Promise<readonly AgentReport[]> {
    return this.ask(client => client.call('agents'));
  }

  log(): string {
    return readFileSync(join(this.dir, 'log'), 'utf8');
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
