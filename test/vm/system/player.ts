/**
 * Runs as the user: one real agent of the kind that the argument names, in tmux, its scripted model, and a person who
 * types as told. Commands on stdin and answers on stdout, a JSON line each; `protocol.ts` has both. Patient, for
 * emulated machines: nothing here is pressed twice.
 */
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Reason } from '../../../src/model/agent.js';
import { type AgentKind, makeHome } from '../../lab/agent-home.js';
import { ScriptedApi } from '../../lab/api/server.js';
import { nowMs, sleep, until } from '../../lab/clock.js';
import { agentPid, isGone, readyScreen } from '../../lab/session.js';
import { Tmux } from '../../lab/tmux.js';
import { FIRST_PROMPT, type TruthEntry } from '../../lab/truth.js';
import type { Answer, Command } from './protocol.js';

const LIMIT_MS = 180_000;

const say = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
const kind = process.argv[2] as AgentKind;
// Codex's wrapper is a script for Node.js.
process.env.PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
const api = new ScriptedApi([]);
await api.start();
const home = await makeHome({ kind, url: api.url, hooks: true });
const tmux = new Tmux(join(home.root, 'tmux'));
const pane = await tmux.open(home.argv, home);
const pid = await agentPid(kind, pane, LIMIT_MS);
let truth: TruthEntry[] = [];
let hooksSeen = 0;

const note = (state: TruthEntry['state'], reason: Reason, time_ms: number, by: string): void =>
  void truth.push({ time_ms, agent: kind, pid, state, reason, by, scenario: 'vm' });

function hooks(): { name: string; time_ms: number }[] {
  const lines = readFileSync(home.hooks_file, 'utf8').split('\n').filter(Boolean);
  return lines.map(line => {
    const [name, seconds] = line.split(' ');
    return { name: name!, time_ms: Number(seconds) * 1000 };
  });
}

/** The first of these since the last one that was waited for. */
function nextHook(...names: string[]): Promise<{ name: string; time_ms: number }> {
  return until(
    names.join(' or '),
    () => {
      const all = hooks();
      const at = all.findIndex(({ name }, i) => i >= hooksSeen && names.includes(name));
      if (at < 0) return undefined;
      hooksSeen = at + 1;
      return all[at]!;
    },
    LIMIT_MS,
    10,
  );
}

/**
 * The next end of work: the turn is over, or it asks for permission. `begins`: the hook that tells of its begin. An
 * emulated agent takes seconds to see a key, so that the key is not when it began to work.
 */
async function untilItWaits(begins?: string): Promise<void> {
  if (begins !== undefined) {
    const { time_ms } = await nextHook(begins);
    note('WORKING', 'thinking', time_ms, `hook ${begins}`);
  }
  const hook = await nextHook('Stop', 'PermissionRequest');
  note('WAITING', hook.name === 'Stop' ? 'done' : 'approval', hook.time_ms, `hook ${hook.name}`);
  // A dialog is drawn a little later than it is decided, and takes keys later still.
  if (hook.name !== 'Stop') await pane.waitFor(/1\. Yes/, LIMIT_MS);
  await sleep(1500);
}

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'prompt':
      api.push(...command.steps);
      await pane.type(command.text);
      await pane.waitFor(command.text, LIMIT_MS);
      await sleep(1000);
      await pane.key('Enter');
      return untilItWaits('UserPromptSubmit');
    case 'accept':
      note('WORKING', 'tool', await pane.key('Enter'), 'key Enter');
      return untilItWaits();
    case 'exit':
      await pane.type('/exit');
      await sleep(2000);
      await pane.key('Enter');
      await until('the agent to end', () => isGone(pid) || undefined, LIMIT_MS, 5);
      return note('EXITED', 'exit', nowMs(), 'process gone');
    case 'end':
      await tmux.kill();
      await api.stop();
      home.remove();
  }
}

await pane.waitFor(readyScreen(kind), LIMIT_MS);
note('WAITING', 'input', nowMs(), FIRST_PROMPT);
await sleep(2000);
say({ pid, tty: pane.tty, truth });
for await (const line of createInterface({ input: process.stdin })) {
  truth = [];
  const command = JSON.parse(line) as Command;
  try {
    await obey(command);
    say({ pid, tty: pane.tty, truth });
  } catch (error) {
    say({ pid, tty: pane.tty, truth, error: (error as Error).message });
  }
  if (command.do === 'end') process.exit(0);
}
