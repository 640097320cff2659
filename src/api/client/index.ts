import { lstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { clientRuntimeDirs, SOCKET_NAME } from '../../config/paths.js';
import type { Prompt } from '../../diagnosis/prompt.js';
import { connectUnix } from '../../lib/net/unix-socket.js';
import { LineBuffer } from '../../lib/text/line-buffer.js';
import { printable } from '../../lib/text/printable.js';
import type { ActionResult, Scope, Verdict } from '../../model/action.js';
import type { Observation } from '../../model/observation.js';
import type { WhitelistEntry } from '../../rules/allowlist/whitelist.js';
import type { ActionRow } from '../../store/records.js';
import type {
  AgentReport,
  AlertReport,
  ErrorCode,
  Explained,
  ExplainReport,
  HealthReport,
  HistoryReport,
  MachineReport,
  ProcessesReport,
  Push,
  Reloaded,
  Reply,
  VigilEvent,
} from '../contract.js';

/** The daemon's answer was an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** No daemon answered. The message says where it was looked for and what to do. */
export class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
  /** There is no socket with anybody behind it; else one was found, and it does not answer. */
  constructor(
    message: string,
    readonly isNowhere = false,
  ) {
    super(message);
  }
}

export interface ConnectOptions {
  /** What `--runtime-dir` said. */
  runtimeDir?: string | undefined;
  timeoutMs?: number;
}

/** The largest answers are reports, of some 20 MB at most. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** What an answer that is not as it should be makes of whoever reads it. */
export function notUnderstood(error: unknown): Error {
  if (!(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError))
    return error instanceof Error ? error : new Error(String(error));
  const message =
    'the socket answers, but not as this vigil does: is the daemon another version? (vigil health)';
  return new Error(message, { cause: error });
}

interface Pending {
  resolve(data: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

const TIMEOUT_MS = 5000;
/** The longest grace (actions.grace_s) and some more. */
const KILL_TIMEOUT_MS = 330_000;
/** A period of a year takes the database a while. */
const REPORT_TIMEOUT_MS = 60_000;

export type Target = { kind: 'alert'; id: number } | { kind: 'process'; pid: number };

export interface KillParams {
  pid: number;
  scope: Scope;
  force: boolean;
  start_ticks?: number | null;
}

function explainRequest(target: Target, prompt: boolean): [string, Record<string, unknown>] {
  return target.kind === 'alert'
    ? ['explain_alert', { id: target.id, prompt }]
    : ['explain_process', { pid: target.pid, prompt }];
}

/** Connects to the first runtime folder that has a daemon behind its socket. */
export async function connectToDaemon(options: ConnectOptions = {}): Promise<ApiClient> {
  const sockets = clientRuntimeDirs(options.runtimeDir).map(dir => join(dir, SOCKET_NAME));
  const failures: string[] = [];
  let isNowhere = true;
  for (const path of sockets) {
    try {
      checkOwner(path);
      return new ApiClient(
        await connectUnix(path, options.timeoutMs ?? TIMEOUT_MS),
        options.timeoutMs ?? TIMEOUT_MS,
      );
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ECONNREFUSED') isNowhere = false;
      failures.push(`${printable(path)}: ${reason(error as NodeJS.ErrnoException)}`);
    }
  }
  throw new NotRunningError(
    `no vigil daemon answers (${failures.join('; ')}). Start one: vigil daemon, or make run, or systemctl start vigil`,
    isNowhere,
  );
}

/** A folder in /tmp may be anybody's; believe a daemon only if it is root's or our own user's. */
function checkOwner(path: string): void {
  const { uid } = lstatSync(dirname(path));
  if (uid !== 0 && uid !== process.geteuid!()) {
    throw new Error(`the folder belongs to uid ${uid}, which is neither root nor you`);
  }
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such socket';
    case 'ECONNREFUSED':
      return 'left behind by a daemon that died';
    case 'EACCES':
      return 'permission denied';
    default:
      return error.code ?? error.message;
  }
}

export class ApiClient {
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly buffer = new LineBuffer();
  private listener: ((event: VigilEvent) => void) | null = null;
  private recorder: ((observation: Observation) => void) | null = null;
  private closedBy: Error | null = null;
  /** Settles when the connection is over, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private readonly timeoutMs: number = TIMEOUT_MS,
  ) {
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', () => {});
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.fail(new NotRunningError('the vigil daemon closed the connection'));
        resolve();
      });
    });
  }

  /** Why it is over; null while it is not. */
  get whyClosed(): Error | null {
    return this.closedBy;
  }

  ping(): Promise<void> {
    return this.request('ping') as Promise<void>;
  }

  agents(): Promise<AgentReport[]> {
    return this.request('agents') as Promise<AgentReport[]>;
  }

  /** The open ones, worst first; `all`: with the resolved ones of the history, the latest first. */
  alerts(params: { all?: boolean; limit?: number } = {}): Promise<AlertReport[]> {
    return this.request('alerts', params) as Promise<AlertReport[]>;
  }

  machine(): Promise<MachineReport> {
    return this.request('machine') as Promise<MachineReport>;
  }

  /** `session`: only those of this agent session. */
  processes(params: { session?: number | null; limit?: number } = {}): Promise<ProcessesReport> {
    return this.request('processes', params) as Promise<ProcessesReport>;
  }

  report(params: { period_s?: number; buckets?: number } = {}): Promise<HistoryReport> {
    return this.request('report', params, REPORT_TIMEOUT_MS) as Promise<HistoryReport>;
  }

  /** A model may take a minute and more. */
  explainTarget(target: Target, timeoutMs: number): Promise<Explained> {
    return this.request(...explainRequest(target, false), timeoutMs) as Promise<Explained>;
  }

  /** What a model would be sent. */
  promptFor(target: Target): Promise<Prompt> {
    return this.request(...explainRequest(target, true)) as Promise<Prompt>;
  }

  killPreview(params: KillParams): Promise<Verdict> {
    return this.request('kill_preview', { ...params }) as Promise<Verdict>;
  }

  /** Answers when all of it is gone, or is known to stay. */
  kill(params: KillParams): Promise<ActionResult> {
    return this.request('kill_process', { ...params }, KILL_TIMEOUT_MS) as Promise<ActionResult>;
  }

  actions(limit: number): Promise<ActionRow[]> {
    return this.request('actions', { limit }) as Promise<ActionRow[]>;
  }

  /** @throws ApiError when the file is broken */
  reloadConfig(): Promise<Reloaded> {
    return this.request('reload_config') as Promise<Reloaded>;
  }

  whitelist(): Promise<WhitelistEntry[]> {
    return this.request('list_whitelist') as Promise<WhitelistEntry[]>;
  }

  addToWhitelist(entry: Pick<WhitelistEntry, 'pattern' | 'match_type' | 'reason'>): Promise<WhitelistEntry> {
    return this.request('add_whitelist', entry) as Promise<WhitelistEntry>;
  }

  removeFromWhitelist(id: number): Promise<unknown> {
    return this.request('remove_whitelist', { id });
  }

  explain(pid: number): Promise<ExplainReport> {
    return this.request('explain', { pid }) as Promise<ExplainReport>;
  }

  health(): Promise<HealthReport> {
    return this.request('health') as Promise<HealthReport>;
  }

  events(limit?: number): Promise<VigilEvent[]> {
    return this.request('events', limit === undefined ? {} : { limit }) as Promise<VigilEvent[]>;
  }

  /** Answers the recent events; `listener` gets each one after them. */
  follow(listener: (event: VigilEvent) => void, limit = 0): Promise<VigilEvent[]> {
    this.listener = listener;
    return this.request('events', { follow: true, limit }) as Promise<VigilEvent[]>;
  }

  /** Answers what a recording begins with; `listener` gets each observation after that. */
  record(listener: (observation: Observation) => void): Promise<Observation[]> {
    this.recorder = listener;
    return this.request('record') as Promise<Observation[]>;
  }

  request(
    cmd: string,
    params: Record<string, unknown> = {},
    timeoutMs: number = this.timeoutMs,
  ): Promise<unknown> {
    if (this.closedBy !== null) return Promise.reject(this.closedBy);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new NotRunningError(`the vigil daemon did not answer "${cmd}" within ${timeoutMs} ms`));
      }, timeoutMs);
      this.pending.set(id, { resolve, reject, timer });
      this.socket.write(`${JSON.stringify({ cmd, id, params })}\n`);
    });
  }

  close(): void {
    this.fail(new NotRunningError('the connection was closed'));
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.closedBy ??= error;
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(this.closedBy);
    }
    this.pending.clear();
  }

  private receive(chunk: Buffer): void {
    this.buffer.push(chunk);
    for (let line = this.buffer.take(); line !== undefined; line = this.buffer.take()) {
      if (this.closedBy !== null) return;
      this.line(line);
    }
    if (this.buffer.size > MAX_LINE_BYTES)
      this.giveUp(new Error(`an answer has more than ${MAX_LINE_BYTES} bytes: that is no daemon of vigil's`));
  }

  /** Whoever answers there may be anybody's program, or another version. */
  private line(line: Buffer): void {
    try {
      const message = JSON.parse(line.toString('utf8')) as Reply | Push;
      if (message.type === 'event') this.listener?.(message.data);
      else if (message.type === 'observation') this.recorder?.(message.data);
      else this.settle(message);
    } catch (error) {
      this.giveUp(notUnderstood(error));
    }
  }

  private giveUp(error: Error): void {
    this.fail(error);
    this.buffer.clear();
    this.socket.destroy();
  }

  private settle(reply: Reply): void {
    const error = reply.type === 'error' ? new ApiError(reply.error.code, reply.error.message) : null;
    // Without an id it is about the connection: the daemon is full, say.
    if (reply.id === null && error !== null) this.fail(error);
    const waiting = this.pending.get(reply.id as number);
    if (waiting === undefined) return;
    this.pending.delete(reply.id as number);
    clearTimeout(waiting.timer);
    if (error !== null) waiting.reject(error);
    else waiting.resolve(reply.type === 'response' ? reply.data : undefined);
  }
}
