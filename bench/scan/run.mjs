// CPU of looking at all processes once a second: vigil's table beside others, all at the same time.
// Usage: node bench/scan/run.mjs [--seconds 10] [--rounds 3] [--processes 200,1000,5000]   after `make build`
// Needs cc; top, htop (with script), pidstat and systeminformation take part where they are installed. The last
// starts a hundred processes a second, which all others but the floor must take in: it has a round of its own.
// In a pid namespace of its own (unshare -pf --mount-proc node …) the machine's other processes take no part.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    processes: { type: 'string', default: '200,1000,5000' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
/** What runs for days is measured when its code is compiled, … */
const WARM_UP_MS = 30_000;
/** … and when it knows who is new. */
const SETTLE_MS = 15_000;
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vigil-scan-'));
const running = [];

const compile = name => {
  execFileSync('cc', ['-O2', '-o', join(folder, name), join(here, `${name}.c`)]);
  return join(folder, name);
};
const has = program => {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
};

/** The package is not vigil's: it is fetched into a folder of its own. */
function systeminformation() {
  try {
    execFileSync('npm', ['install', '--no-save', '--silent', '--prefix', folder, 'systeminformation@5'], {
      stdio: 'ignore',
      timeout: 60_000,
    });
    return [process.execPath, join(here, 'systeminformation.mjs'), folder];
  } catch {
    console.log('systeminformation could not be installed: left out');
    return null;
  }
}

const floor = compile('floor');
const sleepers = compile('sleepers');
const tools = [
  { name: 'floor', command: [floor] },
  { name: 'vigil', command: [process.execPath, join(here, 'vigil.mjs')] },
  { name: 'top -b -d 1', command: ['top', '-b', '-d', '1'], needs: ['top'] },
  {
    name: 'htop -d 10',
    command: ['script', '-qec', 'stty rows 50 cols 160; exec htop -d 10', '/dev/null'],
    needs: ['htop', 'script'],
    child: 'htop',
  },
  { name: 'pidstat 1', command: ['pidstat', '1'], needs: ['pidstat'] },
].filter(({ name, needs = [] }) => {
  const missing = needs.filter(program => !has(program));
  if (missing.length > 0) console.log(`${name}: ${missing.join(', ')} is not installed: left out`);
  return missing.length === 0;
});
const disturber = systeminformation();

function start([file, ...args]) {
  const child = spawn(file, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, TERM: 'xterm', HOME: folder },
  });
  running.push(child);
  return child;
}

async function startSleepers(count) {
  const child = spawn(sleepers, [String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the sleepers could not be started')));
  });
  child.removeAllListeners('exit');
  return child;
}

async function stop(child) {
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  running.splice(running.indexOf(child), 1);
}

const stat = pid => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return {
    comm: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    fields: text.slice(text.lastIndexOf(')') + 2).split(' '),
  };
};

/** The process itself, or its child of that name. */
function measured(pid, name) {
  if (name === undefined) return pid;
  const child = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .find(entry => {
      try {
        const { comm, fields } = stat(entry);
        return comm === name && Number(fields[1]) === pid;
      } catch {
        return false;
      }
    });
  if (child === undefined) throw new Error(`${name} did not start`);
  return Number(child);
}

/** CPU in ms: of all threads and children to the nanosecond, of children that ended to the tick. */
function cpu_ms(pid) {
  let own_ns = 0;
  let children_ms = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const of_task = `/proc/${pid}/task/${task}`;
    own_ns += Number(readFileSync(`${of_task}/schedstat`, 'latin1').split(' ')[0]);
    for (const child of readFileSync(`${of_task}/children`, 'latin1').split(' ').filter(Boolean)) {
      try {
        children_ms += cpu_ms(child);
      } catch {
        // it ended meanwhile
      }
    }
  }
  const { fields } = stat(pid);
  return own_ns / 1e6 + children_ms + (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Given last in this namespace, to processes and threads. */
const lastPid = () => Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ')[4]);
const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** CPU ms per second of each, and how many pids were given in a second. */
async function measure(pids) {
  const given = lastPid();
  const before = pids.map(cpu_ms);
  const started_ms = performance.now();
  await sleep(seconds * 1000);
  const elapsed_s = (performance.now() - started_ms) / 1000;
  const costs = pids.map((pid, i) => (cpu_ms(pid) - before[i]) / elapsed_s);
  return { costs, pids_per_s: Math.max(lastPid() - given, 0) / elapsed_s };
}

/** Medians of the rounds, and the medians of vigil's share of each other's cost in the same round. */
function summary(results) {
  const column = of => results[0].costs.map((_, i) => median(results.map(({ costs }) => of(costs, i))));
  return {
    costs: column((costs, i) => costs[i]),
    ratios: column((costs, i) => costs[1] / costs[i]),
    pids_per_s: median(results.map(round => round.pids_per_s)),
  };
}

function print(first, { costs, ratios, pids_per_s }) {
  const line = cells => cells.map(cell => cell.padStart(19)).join('');
  console.log(`${first.padEnd(12)}${line(costs.map(cost => cost.toFixed(2)))}`);
  const after = `   at ${pids_per_s.toFixed(0)} new pids/s`;
  console.log(`${'vigil / it'.padEnd(12)}${line(ratios.map(ratio => `×${ratio.toFixed(2)}`))}${after}`);
}

/** All tools but the floor run from the first size to the last; that one knows only who was there before it. */
async function size(count, pids) {
  const crowd = await startSleepers(count);
  const bottom = start([floor]);
  pids[0] = bottom.pid;
  await sleep(SETTLE_MS);
  const quiet = [];
  for (let i = 0; i < rounds; i++) quiet.push(await measure(pids));
  print(String(count), summary(quiet));
  if (disturber !== null) {
    const disturbing = start(disturber);
    await sleep(SETTLE_MS);
    print('+ forks', summary([await measure([...pids, disturbing.pid])]));
    await stop(disturbing);
  }
  for (const child of [bottom, crowd]) await stop(child);
}

try {
  const counts = values.processes.split(',').map(Number);
  console.log(
    `CPU ms per second (one core = 1000), one scan a second, side by side, median of ${rounds} × ${seconds} s`,
  );
  const children = tools.map(({ name, command }) => (name === 'floor' ? null : start(command)));
  await sleep(WARM_UP_MS);
  const pids = tools.map(({ child }, i) => children[i] && measured(children[i].pid, child));
  const names = [...tools.map(({ name }) => name), ...(disturber === null ? [] : ['systeminformation'])];
  console.log(`${'sleepers'.padEnd(12)}${names.map(name => name.padStart(19)).join('')}`);
  for (const count of counts) await size(count, pids);
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
