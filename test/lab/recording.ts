import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Observation } from '../../src/model/observation.js';
import { type AgentKind, repositoryRoot } from './agent-home.js';
import { otherAgent } from './other-agents.js';
import type { Stage } from './scenario.js';
import type { Session } from './session.js';
import { transitionsOf } from './truth.js';

/** What is said late of the last truth is kept, too. */
const AFTER_MS = 5_000;

/**
 * Keeps of what a daemon recorded what concerns one played scenario, with the truth beside it, as `folder/NAME.jsonl` and
 * `.truth.jsonl`; gives a line for people.
 */
export function keepRecording(folder: string, version: string, stage: Stage, record: string): string {
  const name = `${stage.kind}-${version}-${stage.scenario}`;
  const last_ms = Math.max(...stage.truth.map(({ time_ms }) => time_ms));
  const kept = about(stage.sessions, record.split('\n').filter(Boolean), last_ms + AFTER_MS);
  const recording = neutral(kept.join('\n'), stage.sessions);
  const truth = transitionsOf(stage.truth).map(t => JSON.stringify(t));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.jsonl`), `${recording}\n`);
  writeFileSync(join(folder, `${name}.truth.jsonl`), `${truth.join('\n')}\n`);
  return `${name}: ${kept.length} lines, ${(recording.length / 1000).toFixed(0)} kB, ${truth.length} transitions`;
}

/** Only what concerns the lab's own processes: nothing of anything else on the machine is kept. */
function about(sessions: readonly Session[], lines: readonly string[], to_ms: number): string[] {
  const parsed = lines.map(line => JSON.parse(line) as Observation | { type: 'header' });
  const ours = new Set<number>();
  const roots = sessions.map(s => s.home.root);
  const ttys = new Set(sessions.map(s => s.pane.tty.replace('/dev/', '')));
  for (const s of sessions) ours.add(s.pid).add(s.pane.pid);
  const grow = (observation: Observation | { type: 'header' }): void => {
    if (observation.type === 'fork' && ours.has(observation.ppid)) ours.add(observation.pid);
    if (observation.type !== 'process') return;
    const { pid, cwd, argv, ppid } = observation.process;
    const inHome = roots.some(root => cwd?.startsWith(root) || argv.some(word => word.includes(root)));
    const isTmux = argv[0] === 'tmux' || argv[0]?.startsWith('tmux:');
    if (!isTmux && (ours.has(ppid) || inHome)) ours.add(pid);
  };
  // Twice, for a child that is seen before what makes it ours.
  for (let pass = 0; pass < 2; pass++) parsed.forEach(grow);
  // Terminals have had other owners before.
  const first = parsed.find(o => o.type === 'process' && ours.has(o.process.pid));
  const from_ms = first && 'time_ms' in first ? first.time_ms : 0;
  // What could be seen then was said before.
  const seen = parsed.findLast(o => o.type === 'sensor' && o.time_ms < from_ms);
  const before = seen === undefined ? [] : [JSON.stringify({ ...seen, time_ms: from_ms - 1_000 })];
  const kept = lines.filter((_, i) => {
    const o = parsed[i]!;
    if (o.type === 'header') return false;
    if (o.time_ms < from_ms || o.time_ms > to_ms) return false;
    if (o.type === 'sensor' || o.type === 'clock') return true;
    if (o.type === 'process') return ours.has(o.process.pid);
    if ('pid' in o) return ours.has(o.pid);
    return ttys.has(o.tty);
  });
  return [...lines.slice(0, 1), ...before, ...kept];
}

/** The same on every machine: no path of this checkout or of the lab's homes. */
function neutral(text: string, sessions: readonly Session[]): string {
  let out = text;
  sessions.forEach((session, i) => {
    const home = i === 0 ? '/home/dev' : `/home/dev${i + 1}`;
    out = out.replaceAll(`${session.home.root}/home`, home).replaceAll(session.home.root, home);
  });
  return out
    .replaceAll(join(repositoryRoot(), 'test/lab/agents'), '/opt/agents')
    .replaceAll(
      process.env.VIGIL_LAB_AGENTS ?? '/opt/agents/node_modules/.bin',
      '/opt/agents/node_modules/.bin',
    )
    .replace(/(?:\/[\w.@+-]+)+?\/node_modules\//g, '/opt/agents/node_modules/')
    .replaceAll(repositoryRoot(), '/opt/vigil')
    .replaceAll(process.execPath, '/usr/bin/node')
    .replace(/("[a-z_]+_ms":\d+\.\d)\d+/g, '$1');
}

/** Those that the lab has pinned; of another agent what `VIGIL_LAB_VERSION` says. */
export function agentVersion(kind: AgentKind): string {
  const file = join(repositoryRoot(), 'test/lab/agents/package.json');
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
  const pinned: Partial<Record<AgentKind, string>> = {
    'claude-code': dependencies['@anthropic-ai/claude-code']!,
    codex: dependencies['@openai/codex']!,
  };
  return process.env.VIGIL_LAB_VERSION ?? pinned[kind] ?? installedVersion(kind);
}

/** Of the package that the program below VIGIL_LAB_AGENTS is of. */
function installedVersion(kind: AgentKind): string {
  const agent = otherAgent(kind);
  const bin = process.env.VIGIL_LAB_AGENTS;
  if (agent === undefined || bin === undefined) return 'unknown';
  for (let at = dirname(realpathSync(join(bin, agent.program))); at !== '/'; at = dirname(at)) {
    const file = join(at, 'package.json');
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string };
    if (version !== undefined) return version;
  }
  return 'unknown';
}
