import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Reason } from '../../src/model/agent.js';
import { type AgentHome, type AgentKind, makeHome } from './agent-home.js';
import type { ApiLogEntry, Step } from './api/script.js';
import { ScriptedApi } from './api/server.js';
import { nowMs, sleep, until } from './clock.js';
import { innermost, OTHER_AGENTS, otherAgent } from './other-agents.js';
import { agentBelow, type Place, placed } from './places.js';
import { type Pane, Tmux } from './tmux.js';
import { FIRST_PROMPT, type TruthEntry } from './truth.js';

export interface SessionOptions {
  kind: AgentKind;
  scenario: string;
  steps: Step[];
  hooks: boolean;
  allow_tools?: boolean;
  /** Default: in tmux itself. */
  place?: Place;
  /** Arguments besides. */
  more_args?: readonly string[];
  /** Changes its home before it starts. */
  prepare?(home: AgentHome): void;
  /** It asks something before its first prompt; this stands on the screen then. */
  first_dialog?: RegExp;
  /** Shares another session's multiplexer. */
  tmux?: Tmux;
  /** Where each true transition goes. */
  truth: TruthEntry[];
}

/** What stands on the screen only when the agent takes input: Codex draws its prompt 2 s before that. */
const READY = { 'claude-code': /^❯/m, codex: /^ {2}gpt-5\.1-codex default/m };

export function readyScreen(kind: AgentKind): RegExp {
  return kind === 'claude-code' || kind === 'codex' ? READY[kind] : OTHER_AGENTS[kind].ready;
}

/** On a busy machine some take half a minute. */
const START_LIMIT_MS = 150_000;

/** One real agent in a terminal of its own, its scripted model, and the truth about it. */
export class Session {
  readonly options: SessionOptions;
  readonly api: ScriptedApi;
  home!: AgentHome;
  tmux!: Tmux;
  pane!: Pane;
  /** The process on the terminal that is the session. */
  pid = 0;
  #seenHooks = 0;

  constructor(options: SessionOptions) {
    this.options = options;
    this.api = new ScriptedApi(options.steps);
  }

  get kind(): AgentKind {
    return this.options.kind;
  }

  /** Prepares home and model; nothing of the agent runs yet. */
  async prepare(): Promise<void> {
    await this.api.start();
    const { kind, hooks, allow_tools } = this.options;
    this.home = await makeHome({ kind, url: this.api.url, hooks, ...(allow_tools ? { allow_tools } : {}) });
    this.options.prepare?.(this.home);
    this.tmux = this.options.tmux ?? new Tmux(join(this.home.root, 'tmux'));
  }

  /** Starts the interactive agent and waits for its prompt. */
  async start(): Promise<void> {
    await this.prepare();
    await this.open([...this.home.argv, ...(this.options.more_args ?? [])]);
    if (this.options.first_dialog !== undefined) {
      await this.pane.waitFor(this.options.first_dialog, START_LIMIT_MS);
      return this.note('WAITING', 'question', nowMs(), FIRST_PROMPT);
    }
    const other = otherAgent(this.kind);
    if (other?.first !== undefined) {
      await this.pane.waitFor(other.first.screen, START_LIMIT_MS);
      await sleep(500);
      await this.pane.key(other.first.key);
    }
    await this.pane.waitFor(readyScreen(this.kind), START_LIMIT_MS);
    if (other !== undefined) this.pid = innermost(this.pane.pid, other.program);
    this.note('WAITING', 'input', nowMs(), FIRST_PROMPT);
    // A person does not type into the very first frame either.
    await sleep(1500);
  }

  /** Starts a run without a person. */
  async startOneShot(prompt: string): Promise<void> {
    await this.prepare();
    const time_ms = nowMs();
    await this.open(this.home.oneShot(prompt));
    this.note('WORKING', 'thinking', time_ms, 'started');
  }

  async open(argv: string[]): Promise<void> {
    const { place = 'tmux' } = this.options;
    const env = { ...this.home.env, PWD: this.home.cwd };
    this.pane = await this.tmux.open(placed(place, argv, this.home), { cwd: this.home.cwd, env });
    this.pid =
      place === 'tmux'
        ? await agentPid(this.kind, this.pane, 20_000)
        : await until(
            'the agent in its place',
            () => agentBelow(this.pane.pid, this.kind === 'codex' ? 'codex' : 'claude', this.home.cwd),
            20_000,
          );
  }

  /** Answers the dialog at its start, after which its prompt comes. */
  async toPrompt(): Promise<void> {
    this.note('WAITING', 'input', await this.pane.key('Enter'), FIRST_PROMPT);
    await this.pane.waitFor(readyScreen(this.kind), START_LIMIT_MS);
    await sleep(1500);
  }

  /** A signal stops it in the midst of what it does. */
  stop(): void {
    this.note('WAITING', 'suspended', nowMs(), 'SIGSTOP');
    process.kill(this.pid, 'SIGSTOP');
  }

  goOn(state: 'WORKING' | 'WAITING', reason: Reason): void {
    this.note(state, reason, nowMs(), 'SIGCONT');
    process.kill(this.pid, 'SIGCONT');
  }

  note(state: TruthEntry['state'], reason: Reason, time_ms: number, by: string, more: object = {}): void {
    const { kind: agent, scenario, truth } = this.options;
    truth.push({ time_ms, agent, pid: this.pid, state, reason, by, scenario, ...more });
  }

  /** Types and sends a prompt: work begins with the Enter. */
  async prompt(text: string): Promise<void> {
    this.#seenHooks = this.hooks().length;
    const before = this.#signsOfWork();
    let time_ms = await this.pane.submit(text);
    // Codex now and then takes the Enter for a part of a paste; the one that worked is the truth.
    for (let tries = 0; tries < 5; tries++) {
      const begun = await until('work', () => this.#signsOfWork() > before || undefined, 1500, 10).catch(
        () => 0,
      );
      if (begun) break;
      time_ms = await this.pane.key('Enter');
    }
    this.note('WORKING', 'thinking', time_ms, 'key Enter');
  }

  #signsOfWork(): number {
    const asked = this.api.log.filter(e => e.event === 'request' && e.call === 'main').length;
    return asked + this.hooks().filter(h => h.name === 'UserPromptSubmit').length;
  }

  /** The turn ends by itself. */
  async untilDone(limit_ms = 45_000): Promise<void> {
    const end = await this.#hookOrAnswer(['Stop', 'StopFailure'], 'text', limit_ms);
    this.note('WAITING', 'done', end.time_ms, end.by);
  }

  /**
   * The last of `answers` answers has been given, and the turn it belongs to has ended. What lies
   * between is a formality: Claude stops and goes on 40 ms later, Codex drops the first answer.
   */
  async untilAllDone(answers: number, limit_ms = 60_000): Promise<void> {
    const over = (e: ApiLogEntry): boolean =>
      e.call === 'main' && (e.event === 'sent' || e.event === 'aborted');
    const given = (): number => this.api.log.filter(over).length;
    await until(`${answers} answers`, () => (given() >= answers ? true : undefined), limit_ms);
    const sent = this.api.last('sent')!;
    if (!this.options.hooks) return this.note('WAITING', 'done', sent.time_ms, 'answer sent');
    const stop = await until(
      'the Stop hook after it',
      () => this.hooks().find(h => h.name === 'Stop' && h.time_ms > sent.time_ms),
      10_000,
    );
    this.note('WAITING', 'done', stop.time_ms, 'hook Stop');
  }

  /** The model called a tool that a person must allow. */
  async untilApproval(limit_ms = 30_000): Promise<void> {
    const end = await this.#hookOrAnswer(['PermissionRequest'], 'tool', limit_ms);
    this.note('WAITING', 'approval', end.time_ms, end.by);
  }

  async untilQuestion(limit_ms = 30_000): Promise<void> {
    const end = await this.#hookOrAnswer(['PermissionRequest'], 'tool', limit_ms);
    this.note('WAITING', 'question', end.time_ms, end.by);
  }

  /** The first choice of every dialog is yes. */
  async accept(): Promise<void> {
    this.note('WORKING', 'tool', await this.pane.key('Enter'), 'key Enter');
  }

  /** The model's API refuses, and the agent gives up after its own retries. */
  async untilFailed(screen: RegExp, why: 'limit' | 'auth' | 'error', limit_ms = 60_000): Promise<void> {
    if (this.kind === 'claude-code' && this.options.hooks) {
      const hook = await this.untilHook(['StopFailure'], limit_ms);
      return this.note('WAITING', why, hook.time_ms, 'hook StopFailure');
    }
    await this.pane.waitFor(screen, limit_ms);
    if (this.kind === 'codex') {
      const time_ms = await until('codex to give up', () => codexGaveUp(this.home.home), limit_ms);
      return this.note('WAITING', why, time_ms, "codex's own log");
    }
    this.note('WAITING', why, this.api.last('sent')!.time_ms, 'last error sent');
  }

  /** Leaves as a person does. */
  async quit(): Promise<void> {
    await this.pane.submit('/exit');
    await this.gone({ exit_code: 0 });
  }

  /** Esc rejects what is asked, or interrupts the work: either way the agent then waits for words. */
  async escape(): Promise<void> {
    this.note('WAITING', 'input', await this.pane.key('Escape'), 'key Escape');
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    process.kill(this.pid, signal);
    await this.gone({ signal });
  }

  async closeTerminal(): Promise<void> {
    const gone = this.gone({});
    await this.pane.close();
    await gone;
  }

  /** Waits for the process to be really gone and notes that instant. */
  async gone(more: { signal?: string; exit_code?: number }, limit_ms = 30_000): Promise<void> {
    await until('the process to be gone', () => (isGone(this.pid) ? true : undefined), limit_ms, 1);
    this.note('EXITED', more.signal ? 'signal' : 'exit', nowMs(), 'process gone', more);
  }

  /** Ends whatever is left and deletes the home. Not part of the truth. */
  async end(): Promise<void> {
    if (this.pid && !isGone(this.pid)) {
      const gone = this.gone({}, 10_000).catch(() => this.kill('SIGKILL'));
      await this.pane.close().catch(() => {});
      await gone;
    }
    if (!this.options.tmux) await this.tmux?.kill();
    await this.api.stop();
    this.home?.remove();
  }

  /** What the hooks wrote so far. */
  hooks(): { name: string; time_ms: number }[] {
    const lines = readFileSync(this.home.hooks_file, 'utf8').split('\n');
    return lines.filter(Boolean).map(line => {
      const [name, seconds] = line.split(' ');
      return { name: name!, time_ms: Number(seconds) * 1000 };
    });
  }

  /** The next of these hooks since the latest prompt or the latest one waited for. */
  async untilHook(names: string[], limit_ms: number): Promise<{ name: string; time_ms: number }> {
    return until(
      `hook ${names.join(' or ')}`,
      () => {
        const all = this.hooks();
        const at = all.findIndex((hook, i) => i >= this.#seenHooks && names.includes(hook.name));
        if (at < 0) return undefined;
        this.#seenHooks = at + 1;
        return all[at];
      },
      limit_ms,
      10,
    );
  }

  async #hookOrAnswer(
    names: string[],
    did: 'text' | 'tool',
    limit_ms: number,
  ): Promise<{ time_ms: number; by: string }> {
    if (this.options.hooks) {
      const hook = await this.untilHook(names, limit_ms);
      return { time_ms: hook.time_ms, by: `hook ${hook.name}` };
    }
    const after = this.options.truth.findLast(t => t.pid === this.pid)?.time_ms ?? 0;
    const sent = await until(
      `the answer with ${did}`,
      () => {
        const last = this.api.last('sent');
        return last?.did === did && last.time_ms > after ? last : undefined;
      },
      limit_ms,
    );
    return { time_ms: sent.time_ms, by: 'answer sent' };
  }
}

/** The process on the terminal that is the session: Claude itself; what Codex's wrapper starts, or becomes (Node.js 22). */
export function agentPid(kind: AgentKind, { pid }: Pane, limit_ms: number): Promise<number> {
  if (otherAgent(kind) !== undefined) return Promise.resolve(pid);
  return kind === 'claude-code'
    ? until('claude to start', () => ifComm(pid, 'claude'), limit_ms, 2)
    : until('the native codex', () => ifComm(pid, 'codex') ?? nativeCodex(pid), limit_ms, 2);
}

/** When its log of the conversation says that the turn ended with an error; there is no hook for that. */
function codexGaveUp(home: string): number | undefined {
  const dir = join(home, '.codex/sessions');
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.jsonl')) continue;
    const lines = readFileSync(join(dir, name), 'utf8').split('\n');
    const end = lines.findLast(l => l.includes('"type":"task_complete"') && l.includes('"error":{'));
    if (end) return Date.parse((JSON.parse(end) as { timestamp: string }).timestamp);
  }
  return undefined;
}

function ifComm(pid: number, comm: string): number | undefined {
  try {
    // A script has its own name until its interpreter runs.
    const isProgram = !/\/(env|sh|bash)$/.test(readlinkSync(`/proc/${pid}/exe`));
    return isProgram && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === comm ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The child of the node wrapper that has the terminal. */
function nativeCodex(wrapper: number): number | undefined {
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (pid > wrapper && parentOf(pid) === wrapper && ifComm(pid, 'codex')) return pid;
  }
  return undefined;
}

function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number {
  return Number(statFields(pid)?.[1] ?? 0);
}

/** Gone, or a zombie that only waits to be reaped. */
export function isGone(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state === undefined || state === 'Z' || state === 'X';
}
