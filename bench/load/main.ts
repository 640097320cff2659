import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep } from '../../test/lab/clock.js';
import { Stage } from '../../test/lab/scenario.js';
import { Vigil } from '../../test/lab/vigil.js';

/**
 * What vigil costs at rest and at work: CPU of the daemon and of everything it runs, in percent of one core,
 * and their memory, first without an agent, then with three that work all the time.
 *
 *   node build/lab/bench/load/main.js [--seconds 60]
 *
 * Needs root, `make build` and the lab's agents. RSS counts shared pages in each process, PSS their share.
 */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
const dir = 'build/load';
const SENTENCE = 'The quick brown fox jumps over the lazy dog while the band plays on. ';

interface Cost {
  name: string;
  cpu_ticks: number;
  rss_kb: number;
  pss_kb: number;
}

mkdirSync(dir, { recursive: true });
const vigil = new Vigil({ dir, config: '' });
await vigil.startDaemon();
const { pid } = await vigil.health();
try {
  await sleep(5_000);
  await measure('no agent');
  const stages = (['claude-code', 'codex', 'claude-code'] as const).map(
    kind => new Stage(kind, 'load', false),
  );
  try {
    const chars = Math.ceil((seconds + 30) / 0.15) * 50;
    const text = SENTENCE.repeat(Math.ceil(chars / SENTENCE.length));
    for (const stage of stages) {
      const session = await stage.session([
        { do: 'text', text, delay_ms: 500, chunk_chars: 50, chunk_ms: 150 },
      ]);
      await session.prompt('tell me a very long story');
    }
    await sleep(5_000);
    await measure('3 agents work');
    const states = (await vigil.agents()).filter(agent => agent.state !== 'EXITED').map(agent => agent.state);
    console.log(`their states at the end: ${states.join(', ')}`);
  } finally {
    for (const stage of stages) await stage.end();
  }
} finally {
  await vigil.stopDaemon();
}

async function measure(what: string): Promise<void> {
  const before = costs();
  await sleep(seconds * 1000);
  const after = costs();
  console.log(`\n${what}, ${seconds} s, ${cpus().length} cores`);
  console.log(`${'process'.padEnd(24)}${'CPU %'.padStart(8)}${'RSS MB'.padStart(9)}${'PSS MB'.padStart(9)}`);
  const total = { cpu: 0, rss: 0, pss: 0 };
  for (const [id, cost] of after) {
    const cpu = (cost.cpu_ticks - (before.get(id)?.cpu_ticks ?? 0)) / seconds;
    total.cpu += cpu;
    total.rss += cost.rss_kb;
    total.pss += cost.pss_kb;
    row(cost.name, cpu, cost.rss_kb, cost.pss_kb);
  }
  row('together', total.cpu, total.rss, total.pss);
}

function row(name: string, cpu: number, rss_kb: number, pss_kb: number): void {
  const mb = (kb: number) => (kb / 1024).toFixed(1).padStart(9);
  console.log(`${name.padEnd(24)}${cpu.toFixed(2).padStart(8)}${mb(rss_kb)}${mb(pss_kb)}`);
}

/** The daemon and all that descend from it. */
function costs(): Map<number, Cost> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    const fields = stat(Number(name));
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const found = new Map<number, Cost>();
  const wanted = [pid];
  for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
    const cost = costOf(id);
    if (cost !== null) found.set(id, cost);
    for (const [child, parent] of parents) if (parent === id) wanted.push(child);
  }
  return found;
}

function costOf(id: number): Cost | null {
  const fields = stat(id);
  if (fields === null) return null;
  const rollup = read(`${id}/smaps_rollup`);
  const kb = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  const [program, ...args] = read(`${id}/cmdline`).split('\0');
  const name = `${program?.split('/').at(-1)} ${id === pid ? 'daemon' : args.find(arg => /helper\.js$/.test(arg)) ? 'helper' : ''}`;
  return { name, cpu_ticks: Number(fields[11]) + Number(fields[12]), rss_kb: kb('Rss'), pss_kb: kb('Pss') };
}

/** Fields of /proc/PID/stat from the state on. */
function stat(id: number): string[] | null {
  const text = read(`${id}/stat`);
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string {
  try {
    return readFileSync(join('/proc', path), 'utf8');
  } catch {
    return '';
  }
}
