import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Vigil } from '../vigil.js';
import { delays, type Said, saidOf, truthOf } from './judge.js';
import { keepRecording, RECORDINGS } from './record.js';
import { EDITOR_AGENTS, type Played, play } from './stage.js';

/**
 * Plays agents as editors drive them, beside a real daemon, and compares:
 * `run.js [--agent NAME]… [--record] [--keep FOLDER]`. Fails when something was wrong.
 */
const { values } = parseArgs({
  options: {
    agent: { type: 'string', multiple: true },
    record: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});

let wrong = 0;
for (const name of values.agent ?? Object.keys(EDITOR_AGENTS)) {
  const agent = EDITOR_AGENTS[name];
  if (agent === undefined) throw new Error(`there is no ${name}`);
  const dir = mkdtempSync('/var/tmp/vigil-lab/editor-');
  const recording = join(dir, 'record.jsonl');
  const vigil = new Vigil({ dir, config: '', record: recording });
  await vigil.startDaemon();
  let root = '';
  const played = await play(agent, vigil, home => {
    root = home.root;
    if (values.keep) cpSync(home.root, join(values.keep, name), { recursive: true });
  }).finally(() => vigil.stopDaemon());
  wrong += compare(name, agent.editor, played);
  mkdirSync(RECORDINGS, { recursive: true });
  if (values.record) keepRecording(name, recording, played.told, root);
  if (values.keep) cpSync(dir, join(values.keep, `${name}-vigil`), { recursive: true });
  rmSync(dir, { recursive: true });
}
process.exitCode = wrong === 0 ? 0 : 1;

function compare(name: string, editor: string, { told, shown, cwds }: Played): number {
  const said = shown.flatMap(({ time_ms, agents }) =>
    agents.map(({ cwd, state, reason }): Said => ({ time_ms, cwd, state, reason })),
  );
  const hosts = new Set(shown.flatMap(({ agents }) => agents.map(({ host }) => host)));
  let failed = 0;
  for (const [of, cwd] of cwds.entries()) {
    const truth = truthOf(told, of, cwds);
    const heard = saidOf(said, cwd);
    const isRight = truth.join() === heard.join() || [...truth].slice(0, -1).join() === heard.join();
    if (!isRight) failed++;
    console.log(`${isRight ? 'right' : 'WRONG'} ${name} ${of}: ${heard.join(', ')}`);
    if (!isRight) console.log(`  true: ${truth.join(', ')}`);
    console.log(`  late by ${delays(told, of, said, cwd).join(', ')} ms`);
  }
  if (!hosts.has(editor)) failed++;
  console.log(`  hosts: ${[...hosts].join(', ')}`);
  return failed;
}
