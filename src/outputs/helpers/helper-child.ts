import { type ChildProcess, type ChildProcessByStdio, type StdioOptions, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { Rate } from '../../lib/limits/rate.js';
import type { Logger } from '../../lib/log/logger.js';
import { type DescriptorPair, descriptorPair, sendDescriptor } from '../../lib/os/descriptor-channel.js';
import { SilenceMeter } from '../../lib/process/silence-meter.js';
import { readJsonLines } from '../desktop/json-lines.js';
import {
  type FromHelper,
  fromHelperSchema,
  HUNG_AFTER_MS,
  MAX_LINE_FROM_HELPER_BYTES,
  PING_MS,
  type ToHelper,
} from '../desktop/protocol.js';

type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a helper is started; made by `helperCommand()`. */
export interface HelperCommand {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Where it is to be before it begins; it waits for that. Does not reject. */
  confine?(pid: number): Promise<void>;
}

export interface HelperChildOptions {
  uid: number;
  command: HelperCommand;
  logger: Logger;
  /** What a new helper must be told first. */
  greeting(): ToHelper[];
  receive(message: FromHelper): void;
  /** It hangs, and is ended. */
  hung?(): void;
  /** It ended before it said a word, with this on its standard error; true: no other is started. */
  stillborn?(said: string): boolean;
  /** How often it is pinged, and how long it may leave that unanswered. */
  heartbeat?: { ping_ms: number; patience_ms: number };
}

/** `hung`: it does not answer, and is being ended; it stays so while the kernel keeps it from dying. */
export type HelperState = 'running' | 'restarting' | 'hung';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** One that ran so long was well: the next failure starts from the first backoff. */
const WELL_AFTER_MS = 60_000;
/** One that floods stays away for longer each time. */
const MAX_FLOOD_BACKOFF_MS = 600_000;
const FLOOD_FACTOR = 8;
/** Lines a second that a helper may send, good ones and others, and how many at once. So many bytes are a line, too. */
const BYTES_A_LINE = 1024;
const LINES_PER_S = 200;
const LINES_AT_ONCE = 1_000;
const STOP_MS = 1_500;
/** A killed process that is still there: the kernel holds it, in a dead network mount say. */
const UNKILLABLE_MS = 500;
const MAX_STDERR = 1_000;
/** Begins when a line comes. SIGUSR1 stays ignored until Node.js has a handler for it. */
const GATE = `trap '' USR1; read -r go; unset PWD OLDPWD SHLVL; exec "$@"`;
const NEVER_SILENT = { silent_ms: 0, hung_ms: 0 };

/** One user's helper: started, spoken to, restarted with backoff. */
export class HelperChild {
  private child: ChildProcess | null = null;
  /** Open files are passed over it. */
  private channel: number | null = null;
  private backoff_ms = FIRST_BACKOFF_MS;
  private timer: NodeJS.Timeout | null = null;
  private started_ms = 0;
  private speech = new Rate(LINES_PER_S, LINES_AT_ONCE);
  private floodCount = 0;
  private stopping = false;
  private stderr = '';
  private heartbeat: NodeJS.Timeout | null = null;
  private silence: SilenceMeter | null = null;
  private hung = false;
  private flooded = false;
  private spoke = false;
  private gated = false;
  private restartCount = 0;
  private lastProblem: string | null = null;
  /** The newest message of each type that did not fit into the pipe yet. */
  private readonly waiting = new Map<ToHelper['type'], ToHelper>();

  constructor(private readonly options: HelperChildOptions) {}

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get state(): HelperState {
    if (this.child === null) return 'restarting';
    return this.hung ? 'hung' : 'running';
  }

  get restarts(): number {
    return this.restartCount;
  }

  /** How often it was ended because it said too much. */
  get floods(): number {
    return this.floodCount;
  }

  /** Why it does not run, in words; null while it does. */
  get problem(): string | null {
    return this.state === 'running' ? null : this.lastProblem;
  }

  start(): void {
    const { file, args, env, confine } = this.options.command;
    this.started_ms = performance.now();
    this.speech = new Rate(LINES_PER_S, LINES_AT_ONCE);
    this.stderr = '';
    this.hung = false;
    this.flooded = false;
    this.spoke = false;
    this.gated = confine !== undefined;
    const command = this.gated ? ['/bin/sh', '-c', GATE, 'vigil', file, ...args] : [file, ...args];
    const channel = descriptorPair();
    const child = this.spawn(command, env, channel);
    this.child = child;
    this.channel = channel?.ours ?? null;
    if (child.pid !== undefined) void confine?.(child.pid).finally(() => this.open(child));
    let over = false;
    const ended = (why: string) => {
      if (over) return;
      over = true;
      this.ended(child, why);
    };
    child.on('error', error => ended(error.message));
    child.on('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : signal));
    child.stdin.on('error', () => {});
    child.stdin.on('drain', () => this.flush());
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.hears(child, 1 + text.length / BYTES_A_LINE) && this.stderr.length < MAX_STDERR)
        this.stderr += text.slice(0, MAX_STDERR);
    });
    child.stdout.on('data', (chunk: Buffer) => this.hears(child, chunk.length / BYTES_A_LINE));
    readJsonLines(
      child.stdout,
      MAX_LINE_FROM_HELPER_BYTES,
      value => this.hears(child) && this.take(child, value),
      why => this.hears(child) && this.distrust(child, why),
    );
    for (const message of this.options.greeting()) this.send(message);
    this.watch(child);
  }

  private spawn(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    channel: DescriptorPair | null,
  ): PipedChild {
    try {
      const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', channel?.theirs ?? 'ignore'];
      return spawn(command[0]!, command.slice(1), { env, cwd: '/', stdio }) as PipedChild;
    } finally {
      if (channel !== null) closeSync(channel.theirs);
    }
  }

  /** Hands it an open file, which it knows by this word; it may be told of it afterwards. False: it has not got it. */
  passFile(word: string, fd: number): boolean {
    return this.child !== null && this.channel !== null && sendDescriptor(this.channel, word, fd);
  }

  /** It may begin. */
  private open(child: ChildProcess): void {
    if (child !== this.child) return;
    child.stdin?.write('\n');
    this.gated = false;
    this.flush();
  }

  /** Asks for a sign of life; a helper without one is ended, so that another can take its place. */
  private watch(child: ChildProcess): void {
    const { ping_ms, patience_ms } = this.options.heartbeat ?? {
      ping_ms: PING_MS,
      patience_ms: HUNG_AFTER_MS,
    };
    const silence = child.pid === undefined ? null : new SilenceMeter(child.pid, ping_ms);
    this.silence = silence;
    this.send({ type: 'ping' });
    this.heartbeat = setInterval(() => {
      if (this.hung) return;
      // One that merely gets no CPU is not ended.
      const { silent_ms, hung_ms } = silence?.check() ?? NEVER_SILENT;
      if (hung_ms < patience_ms) return this.send({ type: 'ping' });
      this.hung = true;
      this.lastProblem = `it hangs: no sign of life for ${Math.round(silent_ms / 1000)} s`;
      this.options.logger.warn(
        { uid: this.options.uid, pid: child.pid },
        'the helper of a user hangs and is ended',
      );
      this.options.hung?.();
      child.kill('SIGKILL');
    }, ping_ms);
    this.heartbeat.unref();
  }

  /** Newer messages replace older ones of their type that are still on this side. */
  send(message: ToHelper): void {
    if (this.child === null) return;
    this.waiting.set(message.type, message);
    this.flush();
  }

  /** Says farewell, so that it takes its badges, popups and icon along; resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.timer !== null) clearTimeout(this.timer);
    const child = this.child;
    if (child === null || child.exitCode !== null) return;
    this.send({ type: 'farewell' });
    await new Promise<void>(resolve => {
      let last: NodeJS.Timeout | null = null;
      const kill = setTimeout(() => {
        child.kill('SIGKILL');
        last = setTimeout(resolve, UNKILLABLE_MS);
      }, STOP_MS);
      child.once('exit', () => {
        clearTimeout(kill);
        if (last !== null) clearTimeout(last);
        resolve();
      });
      child.once('error', () => resolve());
      child.stdin?.end();
    });
  }

  private flush(): void {
    const stdin: Writable | null = this.child?.stdin ?? null;
    if (stdin === null || !stdin.writable || this.gated) return;
    for (const [type, message] of this.waiting) {
      if (stdin.writableNeedDrain) return;
      this.waiting.delete(type);
      stdin.write(`${JSON.stringify(message)}\n`);
    }
  }

  /** Counts what it said, whatever it was; false: it is not listened to any more. One that floods is ended. */
  private hears(child: ChildProcess, lines = 1): boolean {
    if (child !== this.child || this.flooded) return false;
    if (this.speech.take(lines)) return true;
    this.flooded = true;
    this.floodCount++;
    const why = `more than ${LINES_PER_S} lines a second`;
    this.lastProblem = `it floods: ${why}`;
    const { uid, logger } = this.options;
    logger.warn({ uid, pid: child.pid, why }, 'a helper does not keep to its protocol and is ended');
    child.kill('SIGKILL');
    // It, or what it started, may go on for a while.
    child.stdout?.destroy();
    child.stderr?.destroy();
    return false;
  }

  private take(child: ChildProcess, value: unknown): void {
    const message = fromHelperSchema.safeParse(value);
    if (message.success) {
      this.spoke = true;
      // Only an answer is a sign of life: what it sent before it hung may still be on its way.
      if (message.data.type === 'pong') this.silence?.heard();
      this.options.receive(message.data);
    } else this.distrust(child, 'a message that is none of the protocol');
  }

  private readonly distrusted = new WeakSet<ChildProcess>();
  private distrust(child: ChildProcess, why: string): void {
    if (this.distrusted.has(child)) return;
    this.distrusted.add(child);
    this.options.logger.warn(
      { uid: this.options.uid, pid: child.pid, why },
      'a helper does not keep to its protocol',
    );
  }

  private ended(child: ChildProcess, why: string): void {
    if (this.child === child) {
      this.child = null;
      if (this.channel !== null) closeSync(this.channel);
      this.channel = null;
    }
    // Something that it started may hold the other ends for ever.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
    if (this.heartbeat !== null) clearInterval(this.heartbeat);
    this.waiting.clear();
    if (this.stopping) return;
    this.restartCount++;
    const well_after_ms = this.floodCount > 0 ? MAX_FLOOD_BACKOFF_MS : WELL_AFTER_MS;
    if (performance.now() - this.started_ms > well_after_ms) this.backoff_ms = FIRST_BACKOFF_MS;
    const { uid, logger } = this.options;
    const said = this.stderr.trim().split('\n').slice(0, 8).join(' | ');
    if (!this.hung && !this.flooded)
      this.lastProblem = said === '' ? `it ended: ${why}` : `it ended: ${why}: ${said.slice(0, 200)}`;
    if (!this.spoke && this.options.stillborn?.(said)) return;
    logger.warn({ uid, why, said, again_in_ms: this.backoff_ms }, 'the helper of a user ended');
    this.timer = setTimeout(() => this.start(), this.backoff_ms);
    this.backoff_ms = this.flooded
      ? Math.min(MAX_FLOOD_BACKOFF_MS, this.backoff_ms * FLOOD_FACTOR)
      : Math.max(this.backoff_ms, Math.min(MAX_BACKOFF_MS, this.backoff_ms * 2));
  }
}
