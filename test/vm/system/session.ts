import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AgentStateEvent } from '../../../src/api/client/index.js';
import { type ApiClient, connectToDaemon } from '../../../src/api/client/index.js';
import type { AgentKind } from '../../lab/agent-home.js';
import { nowMs } from '../../lab/clock.js';
import type { TruthEntry } from '../../lab/truth.js';
import type { Heard } from '../../lab/vigil.js';
import { eventually } from './check.js';
import { asUser } from './guest.js';
import type { Answer, Command } from './protocol.js';

const PLAYER = fileURLToPath(new URL('player.js', import.meta.url));

/** One call as the notification server of the user's bus got it. */
export interface Call {
  call: 'ready' | 'Notify' | 'CloseNotification';
  id?: number;
  summary?: string;
  body?: string;
}

/** A real agent of the user, in a service of the user's own systemd, and everything that is true of it. */
export class PlayedAgent {
  readonly truth: TruthEntry[] = [];
  pid = 0;
  tty = '';
  #child: ChildProcess | undefined;
  #answers: AsyncIterator<string> | undefined;

  constructor(private readonly kind: AgentKind) {}

  async start(): Promise<void> {
    const [file, ...args] = asUser(
      ...['systemd-run', '--user', '--pipe', '--quiet', '--collect', `--unit=player-${this.kind}`],
      ...[process.execPath, PLAYER, this.kind],
    );
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    await this.#answer();
  }

  /** Resolves when the agent waits again, or is gone. @throws when it did not do what the script says */
  async tell(command: Command): Promise<void> {
    this.#child!.stdin!.write(`${JSON.stringify(command)}\n`);
    await this.#answer();
  }

  async #answer(): Promise<void> {
    const line = (await this.#answers!.next()).value as string | undefined;
    if (line === undefined) throw new Error('the player of the agent has ended');
    const { pid, tty, truth, error } = JSON.parse(line) as Answer;
    this.pid = pid;
    this.tty = tty.replace('/dev/', '');
    this.truth.push(...truth);
    if (error !== undefined) throw new Error(error);
  }
}

/** Everything that the daemon tells of agents from now on, with the time at which it came. */
export class Follower {
  readonly heard: Heard[] = [];
  #client: ApiClient | undefined;

  /** Resolves when nothing is missed any more. */
  async start(): Promise<void> {
    this.#client = await eventually(60, () => connectToDaemon());
    await this.#client.subscribe('events', { follow: true, limit: 0 }, event => {
      if (event.type === 'agent_state') this.heard.push({ arrived_ms: nowMs(), event });
    });
  }

  of(pid: number): AgentStateEvent[] {
    return this.heard.filter(({ event }) => event.pid === pid).map(({ event }) => event);
  }

  stop(): void {
    this.#client?.close();
  }
}

/** The notification server of the user's bus. */
export class NotificationServer {
  readonly calls: Call[] = [];
  readonly #child: ChildProcess;

  constructor(bus: string) {
    const [file, ...args] = asUser(process.execPath, '/vigil-test/notification-server.mjs', bus, 'good');
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', line =>
      this.calls.push(JSON.parse(line) as Call),
    );
  }

  stop(): void {
    this.#child.kill();
  }
}
