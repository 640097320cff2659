import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { defaultConfig } from '../../../src/config/schema.js';
import type {
  FromHelper,
  HelperAgent,
  HelperConfig,
  ToHelper,
} from '../../../src/outputs/desktop/protocol.js';
import { until } from './desktop.js';
import { ended, type Installed, type User } from './user.js';

export const nowMs = () => performance.timeOrigin + performance.now();

/** An agent as a daemon would tell of it. Its pid is nobody's. */
export function helperAgent(over: Partial<HelperAgent> = {}): HelperAgent {
  return {
    pid: 4_100_000,
    kind: 'claude-code',
    label: 'Claude Code',
    state: 'WORKING',
    reason: 'thinking',
    since_ms: nowMs(),
    interactive: true,
    container: null,
    host: null,
    tty: 'pts/77',
    cwd: '/home/ann/shop',
    title: null,
    started_ms: nowMs() - 60_000,
    asks: null,
    worked_ms: 0,
    has_worked: true,
    has_transcript: true,
    exit_code: null,
    resets_at_ms: null,
    signal: null,
    ...over,
  };
}

export type Overrides = { [K in 'notifications' | 'badges' | 'tray']?: Partial<HelperConfig[K]> };

export function helperConfig(over: Overrides = {}): HelperConfig {
  const { notifications, badges, tray } = defaultConfig();
  return {
    notifications: { ...notifications, ...over.notifications },
    badges: { ...badges, ...over.badges },
    tray: { ...tray, enabled: false, ...over.tray },
    runtime_dir: '/nonexistent',
  };
}

/** A helper without a daemon: its user's process, told what to show by the test. */
export class HelperRig {
  readonly said: FromHelper[] = [];
  stderr = '';

  private constructor(readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', line =>
      this.said.push(JSON.parse(line) as FromHelper),
    );
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** `boot_ms`: the daemon's clock, when it is not the wall's. */
  static start(user: User, installed: Installed, config: Overrides = {}, boot_ms?: number): HelperRig {
    const clock = boot_ms === undefined ? [] : [String(boot_ms)];
    const rig = new HelperRig(user.spawn([process.execPath, installed.helper, ...clock]));
    rig.send({ type: 'config', config: helperConfig(config) });
    return rig;
  }

  send(message: ToHelper): void {
    this.raw(`${JSON.stringify(message)}\n`);
  }

  raw(text: string): void {
    this.child.stdin!.write(text);
  }

  agents(...agents: HelperAgent[]): void {
    this.send({ type: 'agents', agents });
  }

  logs(): string[] {
    return this.said.flatMap(message => (message.type === 'log' ? [message.message] : []));
  }

  hasLogged(text: string): Promise<unknown> {
    return until(`"${text}" in the log`, () => this.logs().some(line => line.includes(text)));
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As the daemon does it. */
  async end(): Promise<number | null> {
    this.send({ type: 'farewell' });
    this.child.stdin!.end();
    await until('the helper to end', () => !this.alive);
    return this.child.exitCode;
  }

  kill(): Promise<void> {
    return ended(this.child);
  }
}
