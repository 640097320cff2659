import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Observation } from '../../../src/model/observation.js';
import { repositoryRoot } from '../agent-home.js';
import type { Told } from './editor.js';

/** Where the recordings of `make test` are. */
export const RECORDINGS = join(repositoryRoot(), 'test/fixtures/editors');

/** Keeps what a daemon observed of the agent that an editor drove, and what was true, for the quick tests. */
export function keepRecording(name: string, recording: string, told: readonly Told[], root: string): void {
  const lines = readFileSync(recording, 'utf8').split('\n').filter(Boolean);
  const parsed = lines.map(line => JSON.parse(line) as Observation | { type: 'header' });
  const ours = new Set<number>();
  const grow = (one: Observation | { type: 'header' }): void => {
    if (one.type === 'fork' && ours.has(one.ppid)) ours.add(one.pid);
    if (one.type === 'process' && isBelow(one.process, root, ours)) ours.add(one.process.pid);
  };
  // Twice, for a child that is seen before what makes it ours.
  for (let pass = 0; pass < 2; pass++) parsed.forEach(grow);
  const kept = lines.filter((_, i) => {
    const one = parsed[i]!;
    if (one.type === 'header' || one.type === 'sensor' || one.type === 'clock') return true;
    if (one.type === 'process') return ours.has(one.process.pid);
    return 'pid' in one && ours.has(one.pid);
  });
  const file = join(RECORDINGS, name);
  writeFileSync(`${file}.jsonl`, neutral(`${kept.join('\n')}\n`, root));
  writeFileSync(`${file}.truth.jsonl`, neutral(told.map(one => `${JSON.stringify(one)}\n`).join(''), root));
}

function isBelow(
  { pid, ppid, cwd, argv }: { pid: number; ppid: number; cwd: string | null; argv: readonly string[] },
  root: string,
  ours: ReadonlySet<number>,
): boolean {
  return (
    ours.has(pid) ||
    ours.has(ppid) ||
    cwd?.startsWith(root) === true ||
    argv.some(word => word.includes(root))
  );
}

/** The same on every machine. */
function neutral(text: string, root: string): string {
  const agents = process.env.VIGIL_LAB_AGENTS ?? join(repositoryRoot(), 'test/lab/agents/node_modules/.bin');
  return text
    .replaceAll(root, '/home/dev')
    .replaceAll(agents.replace(/\/node_modules\/\.bin$/, ''), '/opt/agents')
    .replaceAll(repositoryRoot(), '/opt/vigil')
    .replaceAll(process.execPath, '/usr/bin/node')
    .replace(/("[a-z_]+_ms":\d+\.\d)\d+/g, '$1');
}
