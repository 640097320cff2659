import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Observation } from '../../src/model/observation.js';
import { type AgentKind, repositoryRoot } from './agent-home.js';
import { BOTH, type Scenario, Stage } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import type { Session } from './session.js';
import { transitionsOf } from './truth.js';
import { Vigil } from './vigil.js';

/**
 * Records what a real daemon observes of every scenario, with the truth beside it, for the quick tests:
 * `record-all.js [--scenario NAME]… [--agent KIND] [--vigil PROGRAM] [--out test/recordings]`.
 */
const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    agent: { type: 'string' },
    vigil: { type: 'string' },
    out: { type: 'string', default: join(repositoryRoot(), 'test/recordings') },
  },
});

const VERSIONS = agentVersions();
mkdirSync(values.out, { recursive: true });
for (const scenario of SCENARIOS) {
  // A recording of a daemon that was stopped in between is two recordings.
  if (scenario.needs_daemon || (values.scenario && !values.scenario.includes(scenario.name))) continue;
  for (const kind of scenario.agents) {
    if (values.agent ? values.agent === kind : BOTH.includes(kind)) await record(scenario, kind);
  }
}

async function record(scenario: Scenario, kind: AgentKind): Promise<void> {
  const dir = mkdtempSync('/var/tmp/vigil-lab/record-');
  const file = join(dir, 'record.jsonl');
  const vigil = new Vigil({
    dir,
    config: '',
    record: file,
    ...(values.vigil ? { program: values.vigil } : {}),
  });
  await vigil.startDaemon();
  await vigil.settle();
  const stage = new Stage(kind, scenario.name, true, vigil);
  try {
    await scenario.run(stage);
  } finally {
    await stage.end();
    await new Promise(resolve => setTimeout(resolve, 1500));
    await vigil.stopDaemon();
  }
  const name = `${kind}-${VERSIONS[kind]}-${scenario.name}`;
  const kept = about(stage.sessions, readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const recording = neutral(kept.join('\n'), stage.sessions);
  const truth = transitionsOf(stage.truth).map(t => JSON.stringify(t));
  writeFileSync(join(values.out, `${name}.jsonl`), `${recording}\n`);
  writeFileSync(join(values.out, `${name}.truth.jsonl`), `${truth.join('\n')}\n`);
  rmSync(dir, { recursive: true });
  console.log(
    `${name}: ${kept.length} lines, ${(recording.length / 1000).toFixed(0)} kB, ${truth.length} transitions`,
  );
}

/** Only what concerns the lab's own processes: nothing of anything else on the machine is kept. */
function about(sessions: readonly Session[], lines: readonly string[]): string[] {
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
  return lines.filter((_, i) => {
    const o = parsed[i]!;
    if (o.type === 'header' || o.type === 'sensor' || o.type === 'clock') return true;
    if (o.time_ms < from_ms) return false;
    if (o.type === 'process') return ours.has(o.process.pid);
    if ('pid' in o) return ours.has(o.pid);
    return ttys.has(o.tty);
  });
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
    .replaceAll(repositoryRoot(), '/opt/vigil')
    .replaceAll(process.execPath, '/usr/bin/node')
    .replace(/("[a-z_]+_ms":\d+\.\d)\d+/g, '$1');
}

/** Of the others, what the matrix says that it has installed. */
function agentVersions(): Partial<Record<AgentKind, string>> {
  const file = join(repositoryRoot(), 'test/lab/agents/package.json');
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
  const both = {
    'claude-code': dependencies['@anthropic-ai/claude-code']!,
    codex: dependencies['@openai/codex']!,
  };
  const { VIGIL_LAB_VERSION: version } = process.env;
  return version === undefined || !values.agent ? both : { ...both, [values.agent]: version };
}
