import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AgentKind, repositoryRoot } from './agent-home.js';
import { agentVersion, keepRecording } from './recording.js';
import { BOTH, type Scenario, Stage } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
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
  console.log(keepRecording(values.out, agentVersion(kind), stage, readFileSync(file, 'utf8')));
  rmSync(dir, { recursive: true });
}
