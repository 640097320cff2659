// CPU of looking at all processes once a second: vigil's table beside others, all at the same time.
// Usage: node bench/scan/run.mjs [--seconds 10] [--processes 200,1000,5000]   after `make build`
// Needs cc; top, htop (with script), pidstat and systeminformation take part where they are installed.
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
    processes: { type: 'string', default: '200,1000,5000' },
  },
});
const seconds = Number(values.seconds);
/** What runs for days is measured when its code is compiled, … */
const WARM_UP_MS = 60_000;
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
  { name: 'systeminformation', command: systeminformation() },
].filter(({ name, command, needs = [] }) => {
  const missing = needs.filter(program => !has(program));
  if (missing.length > 0) console.log(`${name}: ${missing.join(', ')} is not installed: left out`);
  return command !== null && missing.length === 0;
});

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

/** CPU in ms: of all threads to the nanosecond, of children that ended to the tick. */
function cpu_ms(pid) {
  let own_ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    own_ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  const { fields } = stat(pid);
  return own_ns / 1e6 + (Number(fields[13]) + Number(fields[14])) * 10;
}

/** All tools but the floor run from the first round to the last; that one knows only who was there before it. */
const forks = () => Number(/^processes (\d+)/m.exec(readFileSync('/proc/stat', 'latin1'))[1]);

async function round(count, pids) {
  const crowd = await startSleepers(count);
  const bottom = start([floor]);
  pids[0] = bottom.pid;
  await sleep(SETTLE_MS);
  const forked = forks();
  const before = pids.map(cpu_ms);
  const started_ms = performance.now();
  await sleep(seconds * 1000);
  const elapsed_s = (performance.now() - started_ms) / 1000;
  const costs = pids.map((pid, i) => (cpu_ms(pid) - before[i]) / elapsed_s);
  const forks_per_s = (forks() - forked) / elapsed_s;
  for (const child of [bottom, crowd]) await stop(child);
  return { costs, forks_per_s };
}

try {
  const counts = values.processes.split(',').map(Number);
  console.log(`CPU ms per second (one core = 1000), one scan a second, ${seconds} s each, side by side`);
  const children = tools.map(({ name, command }) => (name === 'floor' ? null : start(command)));
  await sleep(WARM_UP_MS);
  const pids = tools.map(({ child }, i) => children[i] && measured(children[i].pid, child));
  console.log(`${'sleepers'.padEnd(10)}${tools.map(({ name }) => name.padStart(19)).join('')}`);
  for (const count of counts) {
    const { costs, forks_per_s } = await round(count, pids);
    console.log(`${String(count).padEnd(10)}${costs.map(cost => cost.toFixed(1).padStart(19)).join('')}`);
    // Every tool but the floor has to take in new processes and threads as well.
    const vigil = costs[1];
    const ratios = costs.map(cost => `×${(vigil / cost).toFixed(2)}`.padStart(19));
    console.log(`${'vigil / it'.padEnd(10)}${ratios.join('')}   at ${forks_per_s.toFixed(0)} forks/s`);
  }
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
