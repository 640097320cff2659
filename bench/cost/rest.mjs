// What vigil costs while nothing happens: memory and threads of each of its processes, and their CPU in the first 20 s
// after the start and in the second minute.
// Usage: node bench/cost/rest.mjs [--tier auto|procfs] [--helper] [--processes 300] [--shared] [--root DIR] [--json]
//   as root, after `make build`. Needs cc. With `--tier procfs` it all happens in a process namespace of its own: what else
//   runs on this machine is not looked at. In one there are no kernel events, so the other tiers see the whole machine.
//   --helper   an idle agent of another user is there, and so a user helper and the terminal program
//   --shared   Node.js, bpftrace and their libraries as installed; else copies, whose pages nobody else shares: memory
//              does not depend on what else runs on this machine
//   --root     another checkout, to compare with
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    tier: { type: 'string', default: 'auto' },
    processes: { type: 'string', default: '300' },
    helper: { type: 'boolean', default: false },
    shared: { type: 'boolean', default: false },
    root: { type: 'string', default: fileURLToPath(new URL('../..', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
if (values.tier === 'procfs' && process.pid !== 1) {
  // Once more, as the first process of a namespace with a /proc of its own.
  const unshare = [
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
    process.execPath,
    ...process.argv.slice(1),
  ];
  execFileSync('unshare', unshare, { stdio: 'inherit' });
  process.exit(0);
}

const FIRST_MS = 20_000;
const SECOND_MINUTE_MS = 60_000;
/** Of the second minute: the quietest tells more than the mean on a busy machine. */
const WINDOW_MS = 10_000;
/** A user that stands in no database: its helper is an ordinary one, without a desktop. */
const HELPER_UID = 61_003;
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vigil-rest-'));
chmodSync(folder, 0o755);
const children = [];

try {
  await startSleepers();
  const agent = values.helper ? startAgent() : null;
  const { daemon, ready } = startDaemon();
  await ready;
  const first = await cpuDuring(daemon.pid, FIRST_MS);
  checkFamily(daemon.pid);
  await sleep(SECOND_MINUTE_MS - FIRST_MS);
  const windows = [];
  for (let ms = 0; ms < SECOND_MINUTE_MS; ms += WINDOW_MS)
    windows.push(await cpuDuring(daemon.pid, WINDOW_MS));
  const second = mean(windows);
  print(family(daemon.pid), first, second, windows.toSorted((a, b) => all(a) - all(b))[0]);
  agent?.stdin.end();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await sleep(2_000);
  rmSync(folder, { recursive: true, force: true });
}

/** Processes that do nothing, as on any machine. */
async function startSleepers() {
  const program = join(folder, 'sleepers');
  execFileSync('cc', ['-O2', '-o', program, join(here, '../scan/sleepers.c')]);
  const child = spawn(program, [values.processes], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise(done => child.stdout.once('data', done));
}

function startAgent() {
  const program = join(folder, 'claude');
  execFileSync('cc', ['-O2', '-o', program, join(here, '../flood/programs/idle.c')]);
  const home = join(folder, 'home');
  mkdirSync(home);
  chownSync(home, HELPER_UID, HELPER_UID);
  const onTerminal = join(here, '../flood/programs/on-terminal.py');
  const child = spawn('/usr/bin/python3', [onTerminal, program], {
    uid: HELPER_UID,
    gid: HELPER_UID,
    cwd: home,
    env: { HOME: home, PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

function startDaemon() {
  mkdirSync(join(folder, 'run'));
  const config = join(folder, 'config.toml');
  const sensor = [`tier = "${values.tier}"`, ...(values.shared ? [] : [`bpftrace = "${copyOfBpftrace()}"`])];
  writeFileSync(config, `[sensor]\n${sensor.join('\n')}\n`);
  const places = ['--runtime-dir', join(folder, 'run'), '--state-dir', join(folder, 'state')];
  const daemon = spawn(
    join(values.root, 'bin/vigil'),
    ['daemon', '--log-format', 'json', ...places, '--config', config],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: values.shared ? process.env.PATH : `${copyOfNode()}:${process.env.PATH}`, HOME: folder },
    },
  );
  children.push(daemon);
  const ready = new Promise((resolve, reject) => {
    const lines = createInterface({ input: daemon.stderr });
    let said = '';
    lines.on('line', line => {
      said = line;
      if (line.includes('vigil is watching')) resolve();
    });
    daemon.once('exit', code => reject(new Error(`the daemon ended with ${code}: ${said}`)));
  });
  ready.catch(() => {});
  return { daemon, ready };
}

function copyOfNode() {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  return bin;
}

/** The program with all its libraries but the C library, which everything shares anyway. */
function copyOfBpftrace() {
  const real = execFileSync('which', ['bpftrace'], { encoding: 'utf8' }).trim();
  const lib = join(folder, 'lib');
  mkdirSync(lib);
  for (const [, path] of execFileSync('ldd', [real], { encoding: 'utf8' }).matchAll(/=> (\/\S+)/g)) {
    if (!/\/lib(c|m)\.so/.test(path)) copyFileSync(path, join(lib, basename(path)));
  }
  const wrapper = join(folder, 'bpftrace');
  writeFileSync(wrapper, `#!/bin/sh\nLD_LIBRARY_PATH=${lib} exec ${real} "$@"\n`, { mode: 0o755 });
  return wrapper;
}

/** Percent of a core of each thread, as `pid/tid`, of the daemon and what it started. */
async function cpuDuring(pid, ms) {
  const before = threads(pid);
  const begin = performance.now();
  await sleep(ms);
  const took_ns = (performance.now() - begin) * 1e6;
  return new Map([...threads(pid)].map(([id, ns]) => [id, (100 * (ns - (before.get(id) ?? 0))) / took_ns]));
}

function mean(windows) {
  const ids = new Set(windows.flatMap(cpu => [...cpu.keys()]));
  const of = id => windows.reduce((sum, cpu) => sum + (cpu.get(id) ?? 0), 0) / windows.length;
  return new Map([...ids].map(id => [id, of(id)]));
}

function all(cpu) {
  return [...cpu.values()].reduce((sum, percent) => sum + percent, 0);
}

function threads(pid) {
  const found = new Map();
  for (const member of family(pid)) {
    for (const tid of readdirSync(`/proc/${member}/task`)) {
      const ns = Number(readFileSync(`/proc/${member}/task/${tid}/schedstat`, 'utf8').split(' ')[0]);
      found.set(`${member}/${tid}`, ns);
    }
  }
  return found;
}

function family(pid) {
  const below = readdirSync(`/proc/${pid}/task`).flatMap(tid => childrenOf(`/proc/${pid}/task/${tid}`));
  return [pid, ...below.flatMap(child => family(Number(child)))];
}

/** Threads come and go. */
function childrenOf(task) {
  try {
    return readFileSync(`${task}/children`, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

function print(pids, first, second, quietest) {
  const sum = (cpu, pid) => all(new Map([...cpu].filter(([id]) => id.startsWith(`${pid}/`))));
  const rows = pids.map(pid => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mb = key => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)[1]) / 1024;
    return {
      what: role(pid),
      pss_mb: mb('Pss'),
      anonymous_mb: mb('Pss_Anon'),
      rss_mb: mb('Rss'),
      threads: readdirSync(`/proc/${pid}/task`).length,
      first_percent: sum(first, pid),
      main_first_percent: first.get(`${pid}/${pid}`) ?? 0,
      second_percent: sum(second, pid),
      quietest_percent: sum(quietest, pid),
    };
  });
  const total = { what: 'together' };
  for (const key of Object.keys(rows[0]).slice(1)) total[key] = rows.reduce((all, row) => all + row[key], 0);
  if (values.json) {
    console.log(JSON.stringify([...rows, total]));
    return;
  }
  console.log(
    `tier ${values.tier}`.padEnd(22),
    'PSS MB  anonymous    RSS  threads  CPU first 20 s (main thread)  second minute  quietest 10 s',
  );
  for (const row of [...rows, total]) {
    console.log(
      row.what.padEnd(22),
      row.pss_mb.toFixed(1).padStart(6),
      row.anonymous_mb.toFixed(1).padStart(10),
      row.rss_mb.toFixed(1).padStart(6),
      String(row.threads).padStart(8),
      `${row.first_percent.toFixed(2)} % (${row.main_first_percent.toFixed(2)} %)`.padStart(29),
      `${row.second_percent.toFixed(2)} %`.padStart(13),
      `${row.quietest_percent.toFixed(2)} %`.padStart(13),
    );
  }
}

/** A figure without one of the programs that it is about is none. */
function checkFamily(pid) {
  const roles = family(pid).map(role);
  const missing = [
    ...(values.tier === 'procfs' || roles.some(one => one.startsWith('bpftrace')) ? [] : ['bpftrace']),
    ...(!values.helper || roles.includes('user helper') ? [] : ['user helper']),
  ];
  if (missing.length > 0)
    throw new Error(`not running: ${missing.join(', ')}; there are: ${roles.join(', ')}`);
}

function role(pid) {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  if (args.some(arg => arg.endsWith('bin/vigil'))) return 'daemon';
  if (args[0].endsWith('node')) return 'user helper';
  return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} ${args.at(-2)}`.slice(0, 22);
}
