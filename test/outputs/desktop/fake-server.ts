import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './desktop.js';
import { ended, type Installed, type User } from './user.js';

export interface Call {
  call: 'ready' | 'Notify' | 'CloseNotification';
  id: number;
  app: string;
  replaces: number;
  icon: string;
  summary: string;
  body: string;
  actions: string[];
  hints: Record<string, unknown>;
}

/** A notification server of our own (fixtures/notification-server.mjs): it tells what it got, and acts up. */
export class FakeServer {
  readonly calls: Call[] = [];
  private child: ChildProcess | null = null;

  constructor(
    private readonly user: User,
    private readonly installed: Installed,
    private readonly address: string,
  ) {}

  async start(mode: 'good' | 'plain' | 'slow' | 'deny' | 'die' | 'hasty' = 'good'): Promise<void> {
    this.calls.length = 0;
    const script = this.installed.fixture('notification-server.mjs');
    this.child = this.user.spawn([process.execPath, script, this.address, mode]);
    createInterface({ input: this.child.stdout! }).on('line', line =>
      this.calls.push(JSON.parse(line) as Call),
    );
    await until('the notification server', () => this.calls.some(({ call }) => call === 'ready'));
  }

  async stop(): Promise<void> {
    if (this.child !== null) await ended(this.child);
    this.child = null;
  }

  notified(): Call[] {
    return this.calls.filter(({ call }) => call === 'Notify');
  }

  closed(): number[] {
    return this.calls.filter(({ call }) => call === 'CloseNotification').map(({ id }) => id);
  }

  /** What a person does. */
  press(id: number, action: string): void {
    this.child!.stdin!.write(`invoke ${id} ${action}\n`);
  }

  dismiss(id: number): void {
    this.child!.stdin!.write(`dismiss ${id}\n`);
  }
}
