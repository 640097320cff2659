import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AgentReport } from '../../../src/api/client/index.js';
import { type AgentHome, type AgentKind, makeHome } from '../agent-home.js';
import type { Step } from '../api/script.js';
import { ScriptedApi } from '../api/server.js';
import { nowMs, sleep } from '../clock.js';
import type { Vigil } from '../vigil.js';
import type { Plan, Told } from './editor.js';
import type { Protocol } from './servers.js';

/** An agent as editors start it. */
export interface EditorAgent {
  kind: AgentKind;
  protocol: Protocol;
  /** The editor is called so. */
  editor: 'code' | 'zed';
  args: readonly string[];
  /** Another program than the agent's own, beside it. */
  program?: string;
  /** Its conversations are processes of their own, below the one that the editor starts. */
  own_processes?: true;
  /** It writes nothing before a request is answered: that it asks cannot be told. */
  asks_unseen?: true;
}

export const EDITOR_AGENTS: Record<string, EditorAgent> = {
  'codex-app-server': { kind: 'codex', protocol: 'codex', editor: 'code', args: ['app-server'] },
  'opencode-serve': {
    kind: 'opencode',
    protocol: 'opencode',
    editor: 'code',
    args: ['serve', '--hostname', '127.0.0.1', '--port', '0'],
  },
  'opencode-acp': { kind: 'opencode', protocol: 'acp', editor: 'zed', args: ['acp'] },
  'gemini-acp': { kind: 'gemini-cli', protocol: 'acp', editor: 'zed', args: ['--acp'], asks_unseen: true },
  'claude-acp': {
    kind: 'claude-code',
    protocol: 'acp',
    editor: 'zed',
    args: [],
    program: 'claude-agent-acp',
    own_processes: true,
  },
};

/** What the model does: a plain answer; a command that needs leave, what follows it in between, and its end. */
const STEPS: Step[] = [
  { do: 'text', text: 'One. '.repeat(8), delay_ms: 1500 },
  { do: 'tool', tool: 'shell', command: 'echo 1 >out1 && sleep 2', ask: true, delay_ms: 300 },
  { do: 'text', text: 'Two. '.repeat(8), delay_ms: 2500 },
  { do: 'text', text: 'Three. '.repeat(8), delay_ms: 500 },
];

/** What vigil shows of one conversation, from when on. */
export interface Shown {
  time_ms: number;
  agents: readonly AgentReport[];
}

export interface Played {
  told: Told[];
  shown: Shown[];
  cwds: string[];
}

/** Plays one agent in an editor beside a daemon. `keep`: called before its files are deleted. */
export async function play(
  { kind, protocol, editor, args, program }: EditorAgent,
  vigil: Vigil,
  keep: (home: AgentHome) => void = () => {},
  rest_ms = 2_500,
): Promise<Played> {
  const api = new ScriptedApi(STEPS);
  await api.start();
  const home = await makeHome({ kind, url: api.url, hooks: false });
  const cwds = ['first', 'second'].map(name => join(home.root, name));
  for (const cwd of cwds) mkdirSync(cwd);
  const [own = '', ...more] = home.argv;
  const argv = [program === undefined ? own : join(dirname(own), program), ...more, ...args];
  const plan: Plan = { protocol, argv, env: home.env, cwds, rest_ms };
  const told: Told[] = [];
  const shown: Shown[] = [];
  let live = true;
  const look = async () => {
    let last = '';
    for (; live; await sleep(30)) {
      const agents = (await vigil.agents()).filter(({ command, cwd }) =>
        `${command} ${cwd}`.includes(home.root),
      );
      const all = (await vigil.agents()).filter(
        agent => cwds.includes(agent.cwd ?? '') || agents.includes(agent),
      );
      const now = JSON.stringify(
        all.map(({ pid, session_id, state, reason, host, cwd, asks }) => [
          pid,
          session_id,
          state,
          reason,
          host,
          cwd,
          asks,
        ]),
      );
      if (now !== last) shown.push({ time_ms: nowMs(), agents: all });
      last = now;
    }
  };
  const looking = look();
  try {
    await edit(startEditor(join(home.root, editor), plan), told);
    await sleep(1_500);
  } finally {
    live = false;
    await looking;
    keep(home);
    await api.stop();
    home.remove();
  }
  return { told, shown, cwds };
}

/** Node.js under the name of an editor: who asks in which program the person sits finds that. */
function startEditor(file: string, plan: Plan): ChildProcess {
  try {
    linkSync(process.execPath, file);
  } catch {
    copyFileSync(process.execPath, file); // another file system
  }
  const script = join(dirname(fileURLToPath(import.meta.url)), 'editor.js');
  return spawn(file, [script, JSON.stringify(plan)], {
    env: plan.env,
    stdio: ['ignore', 'pipe', process.env.VIGIL_LAB_VERBOSE ? 'inherit' : 'ignore'],
  });
}

function edit(child: ChildProcess, told: Told[]): Promise<void> {
  createInterface({ input: child.stdout! }).on('line', line => told.push(JSON.parse(line) as Told));
  const late = setTimeout(() => child.kill('SIGKILL'), 240_000);
  return new Promise((resolve, reject) => {
    child.once('exit', code => {
      clearTimeout(late);
      if (code === 0) resolve();
      else reject(new Error(`the editor ended with ${code}`));
    });
  });
}
