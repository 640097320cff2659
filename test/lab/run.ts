import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AgentKind } from './agent-home.js';
import { BOTH, Stage } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import { transitionsOf } from './truth.js';

/** Plays scenarios without vigil and writes what was true: `run.js [--scenario NAME] [--agent KIND] [--out DIR]`. */
const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    agent: { type: 'string' },
    out: { type: 'string', default: 'build/lab-out' },
    'no-hooks': { type: 'boolean', default: false },
  },
});

const chosen = SCENARIOS.filter(s => !values.scenario || values.scenario.includes(s.name));
if (chosen.length === 0) {
  console.error(`no such scenario; there are: ${SCENARIOS.map(s => s.name).join(', ')}`);
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
let failed = 0;
for (const scenario of chosen) {
  if (scenario.needs_daemon) continue;
  for (const kind of scenario.agents) {
    if (values.agent ? values.agent !== kind : !BOTH.includes(kind)) continue;
    if (!(await play(kind, scenario.name))) failed++;
  }
}
process.exit(failed ? 1 : 0);

async function play(kind: AgentKind, name: string): Promise<boolean> {
  const scenario = SCENARIOS.find(s => s.name === name)!;
  const stage = new Stage(kind, name, !values['no-hooks']);
  let ok = true;
  try {
    await scenario.run(stage);
  } catch (error) {
    ok = false;
    console.error(`${name} ${kind}: ${(error as Error).message}`);
    for (const session of stage.sessions) {
      console.error(await session.pane?.screen().catch(() => '(its terminal is gone)'));
    }
  }
  const seen = stage.sessions.map(s => ({ pid: s.pid, api: s.api.log, hooks: s.home ? s.hooks() : [] }));
  await stage.end();
  const truth = transitionsOf(stage.truth);
  const lines = truth.map(t => JSON.stringify(t)).join('\n');
  writeFileSync(join(values.out, `${kind}-${name}.truth.jsonl`), `${lines}\n`);
  writeFileSync(join(values.out, `${kind}-${name}.seen.json`), JSON.stringify(seen, null, 1));
  const start = truth[0]?.time_ms ?? 0;
  console.log(`${name} ${kind}${ok ? '' : ' FAILED'}`);
  for (const t of truth) {
    const at = ((t.time_ms - start) / 1000).toFixed(3).padStart(8);
    console.log(`  ${at} s  ${t.pid} ${t.state} ${t.reason} (${t.by})`);
  }
  return ok;
}
