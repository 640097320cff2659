import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nowMs, sleep } from '../../test/lab/clock.js';
import { Vigil } from '../../test/lab/vigil.js';
import type { Line } from '../accuracy/match.js';
import { BusyAgents } from './agents.js';
import { family } from './family.js';
import { complaints, growths, type Heap, type Sample, table } from './growth.js';
import { Heaps } from './heap.js';
import { slope } from './slope.js';

/**
 * Does vigil stay as it is? Three real agents work, ask and rest while processes come and go; memory and open
 * descriptors of each process of vigil are sampled, and how they rise is printed: what it has from the system
 * over the last half, and what its heap holds after its garbage was collected, at a fifth and at the end. The
 * first may rise while V8 sees no need to collect; the second rises by a leak only. Exits 1 when a transition was
 * missed, or a heap or descriptors rise.
 *
 *   node build/lab/bench/soak/main.js [--minutes 30] [--every 30] [--churn 50]
 *
 * Needs root, `make build` and the lab's agents. `--churn`: processes a second. The first fifth is warming up.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    every: { type: 'string', default: '30' },
    churn: { type: 'string', default: '50' },
  },
});
const length_ms = Number(values.minutes) * 60_000;
const dir = 'build/soak';

rmSync(dir, { recursive: true, force: true });
mkdirSync(dir, { recursive: true });
const heaps = new Heaps(dir);
const vigil = new Vigil({ dir, config: '', node_options: [heaps.nodeOption] });
await vigil.startDaemon();
const { pid: daemon } = await vigil.health();
const pause = 1 / Number(values.churn);
const churn = spawn('/bin/sh', ['-c', `while :; do /bin/true; sleep ${pause}; done`], { stdio: 'ignore' });
const agents = new BusyAgents();
const samples: Sample[] = [];
const collected: Heap[] = [];
const start_ms = nowMs();
let failed = false;
try {
  agents.start();
  while (nowMs() - start_ms < length_ms) {
    await sleep(Number(values.every) * 1000);
    sample();
    if (collected.length === 0 && nowMs() - start_ms > length_ms / 5) await collect();
  }
  await agents.stop();
  await collect();
  await sleep(2000);
  report();
} finally {
  churn.kill('SIGKILL');
  await agents.end();
  await vigil.stopDaemon();
}
writeFileSync(join(dir, 'samples.json'), JSON.stringify({ samples, collected }));
process.exit(failed ? 1 : 0);

function sample(): void {
  const members = family(daemon);
  const [time_ms, database_bytes] = [nowMs() - start_ms, databaseBytes()];
  samples.push({ time_ms, members, database_bytes });
  const list = members
    .map(({ name, rss_bytes, fds, proc_fds }) => `${name} ${mb(rss_bytes)} MB ${fds}+${proc_fds} fds`)
    .join(', ');
  console.log(`${seconds(time_ms)}  ${list}, database ${mb(database_bytes)} MB`);
}

async function collect(): Promise<void> {
  for (const { pid } of family(daemon)) {
    const bytes = await heaps.afterCollection(pid);
    if (bytes !== null) collected.push({ time_ms: nowMs() - start_ms, pid, bytes });
  }
}

function report(): void {
  const list = growths(samples, collected, length_ms);
  console.log(`\n${table(list)}`);
  const lines = agents.compare(vigil).flatMap(match => match.lines);
  const count = (verdict: string) => lines.filter(line => line.verdict === verdict).length;
  const [missed, wrong, extra] = [count('missed'), count('wrong'), count('extra')];
  console.log(
    `\n${agents.turns} turns: ${count('matched')} of ${lines.length - extra} transitions right, ${missed} missed, ${wrong} wrong, ${extra} extra`,
  );
  for (const line of lines) if (line.verdict !== 'matched') console.log(describe(line));
  const late = samples.filter(({ time_ms }) => time_ms > length_ms / 2);
  const { rise } = slope(
    late.map(({ time_ms, database_bytes }) => [time_ms / 3_600_000, database_bytes] as const),
  );
  console.log(`database: ${mb(databaseBytes())} MB with its log, ${mb(rise)} MB/h in the last half`);
  for (const trouble of agents.troubles) console.log(`the lab could not go on: ${trouble}`);
  const found = list.flatMap(complaints);
  for (const complaint of found) console.log(complaint);
  if (missed + wrong + found.length > 0) failed = true;
}

/** `  412 s  missed: claude-code WAITING approval` */
function describe({ verdict, truth, heard }: Line): string {
  const time_ms = (truth?.time_ms ?? heard!.arrived_ms) - start_ms;
  const was = truth === undefined ? '' : ` ${truth.agent} ${truth.state} ${truth.reason}`;
  const said = heard === undefined ? '' : `, said ${heard.event.to} ${heard.event.reason}`;
  return `${seconds(time_ms)}  ${verdict}:${was}${said}`;
}

function databaseBytes(): number {
  return ['vigil.db', 'vigil.db-wal'].reduce(
    (sum, name) => sum + (statSync(join(dir, 'state', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0).padStart(5)} s`;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
