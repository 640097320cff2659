import { type ChildProcess, spawn } from 'node:child_process';
import { sleep } from '../clock.js';
import { Rpc } from './rpc.js';

/** A process that holds several conversations, as an editor drives it. */
export interface Server {
  readonly child: ChildProcess;
  /** Begins a conversation in that folder; gives the name by which the agent knows it. */
  open(cwd: string): Promise<string>;
  /** Resolves when the turn is over. */
  prompt(conversation: string, cwd: string, text: string): Promise<void>;
  close(conversation: string): Promise<void>;
  end(): Promise<void>;
}

export interface Start {
  argv: readonly string[];
  env: Record<string, string>;
  cwd: string;
  /** The agent asks its person for leave. Resolves when the person says yes. */
  asks(conversation: string): Promise<void>;
}

export type Protocol = 'acp' | 'codex' | 'opencode';

export function startServer(protocol: Protocol, start: Start): Promise<Server> {
  return { acp: startAcp, codex: startCodex, opencode: startOpencode }[protocol](start);
}

function run({ argv, env, cwd }: Start): ChildProcess {
  const [program = '', ...args] = argv;
  return spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Its input ends, as when an editor is closed; who does not mind is told once more. */
async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.stdin?.end();
  const late = setTimeout(() => child.kill('SIGTERM'), 2_000);
  if (child.exitCode === null && child.signalCode === null) await gone;
  clearTimeout(late);
}

/** The Agent Client Protocol, version 1: https://agentclientprotocol.com. */
async function startAcp(start: Start): Promise<Server> {
  const child = run(start);
  const rpc = new Rpc(child);
  rpc.asked = async (method, params) => {
    if (method !== 'session/request_permission') return {};
    await start.asks(String(params.sessionId));
    const options = params.options as { optionId: string; kind: string }[];
    const yes = options.find(({ kind }) => kind === 'allow_once') ?? options[0]!;
    return { outcome: { outcome: 'selected', optionId: yes.optionId } };
  };
  const clientCapabilities = { fs: { readTextFile: false, writeTextFile: false }, terminal: false };
  await rpc.request('initialize', { protocolVersion: 1, clientCapabilities });
  return {
    child,
    async open(cwd) {
      const { sessionId } = await rpc.request<{ sessionId: string }>('session/new', { cwd, mcpServers: [] });
      return sessionId;
    },
    async prompt(sessionId, _cwd, text) {
      await rpc.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] });
    },
    async close(sessionId) {
      await rpc.request('session/close', { sessionId }).catch(() => {});
    },
    end: () => ended(child),
  };
}

/** Codex's app-server, version 2 of its protocol. */
async function startCodex(start: Start): Promise<Server> {
  const child = run(start);
  const rpc = new Rpc(child);
  const over = new Map<string, () => void>();
  rpc.asked = async (method, params) => {
    if (!/requestApproval$|Approval$/.test(method)) return {};
    await start.asks(String(params.threadId ?? params.conversationId));
    return { decision: method.includes('/') ? 'accept' : 'approved' };
  };
  rpc.told = (method, params) => {
    if (method === 'turn/completed') over.get(String(params.threadId))?.();
  };
  await rpc.request('initialize', { clientInfo: { name: 'vscode', title: 'lab', version: '1.0.0' } });
  rpc.notify('initialized', {});
  return {
    child,
    async open(cwd) {
      const { thread } = await rpc.request<{ thread: { id: string } }>('thread/start', { cwd });
      return thread.id;
    },
    async prompt(threadId, _cwd, text) {
      const done = new Promise<void>(resolve => over.set(threadId, resolve));
      await rpc.request('turn/start', { threadId, input: [{ type: 'text', text }] });
      await done;
    },
    async close(threadId) {
      await rpc.request('thread/archive', { threadId });
    },
    end: () => ended(child),
  };
}

/** opencode's local server: HTTP, and events as server-sent events. */
async function startOpencode(start: Start): Promise<Server> {
  const child = run(start);
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) resolve(found[0]);
    });
    child.once('exit', code => reject(new Error(`opencode ended with ${code}: ${said}`)));
  });
  const where = new Map<string, string>();
  const call = async (path: string, method = 'GET', cwd?: string, body?: object): Promise<unknown> => {
    const query = cwd === undefined ? '' : `?directory=${encodeURIComponent(cwd)}`;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}${path}${query}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  let live = true;
  const answered = new Set<string>();
  const lookForRequests = async () => {
    for (; live; await sleep(50)) {
      for (const cwd of new Set(where.values())) {
        const asked = (await call('/permission', 'GET', cwd).catch(() => [])) as {
          id: string;
          sessionID: string;
        }[];
        for (const { id, sessionID } of asked ?? []) {
          if (answered.has(id)) continue;
          answered.add(id);
          void start
            .asks(sessionID)
            .then(() => call(`/permission/${id}/reply`, 'POST', cwd, { reply: 'once' }));
        }
      }
    }
  };
  void lookForRequests();
  return {
    child,
    async open(cwd) {
      const { id } = (await call('/session', 'POST', cwd, {})) as { id: string };
      where.set(id, cwd);
      return id;
    },
    async prompt(id, cwd, text) {
      await call(`/session/${id}/message`, 'POST', cwd, { parts: [{ type: 'text', text }] });
    },
    async close(id) {
      await call(`/session/${id}`, 'DELETE', where.get(id));
    },
    async end() {
      live = false;
      child.kill('SIGTERM');
      await ended(child);
    },
  };
}
