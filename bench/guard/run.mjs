// What the whole daemon costs at rest: CPU and wake-ups of each of its processes with the default intervals beside
// many processes that do nothing, and its memory. Then, in fast-forward, whether an hour of looking at this machine
// every 5 s leaves anything behind.
// Usage: node --expose-gc bench/guard/run.mjs [--seconds 60] [--processes 1000] [--only rest|hour]   after `make build`, as root. Needs cc.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '1000' },
    only: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
/** Processes that are new are looked at more often. */
const SETTLE_MS = 60_000;
/** What runs for days is measured when its code is compiled: an hour's looks. */
const WARM_UP_LOOKS = 360;
/** The daemon looks every 10 s: a window has one look. The quietest tells more than the mean on a busy machine. */
const WINDOW_S = 10;
const SENSOR = 'bpftrace';
const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-guard-'));
const running = [];

try {
  if (values.only !== 'hour') await atRest();
  if (values.only !== 'rest') await anHour();
} finally {
  for (const child of running) child.kill('SIGTERM');
  await sleep(2_000);
  rmSync(folder, { recursive: true, force: true });
}

async function atRest() {
  const sleepers = join(folder, 'sleepers');
  execFileSync('cc', ['-O2', '-o', sleepers, join(here, '../scan/sleepers.c')]);
  const child = spawn(sleepers, [values.processes], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  await new Promise(done => child.stdout.once('data', done));

  mkdirSync(join(folder, 'run'));
  const log = openSync(join(folder, 'log'), 'w');
  // What else goes on here is no part of the daemon's rest: neither its events, nor alerts about it.
  const config = join(folder, 'config.toml');
  const sensor = join(folder, 'bpftrace');
  const real = execFileSync('which', ['bpftrace'], { encoding: 'utf8' }).trim();
  const alone = [process.execPath, join(here, 'alone.mjs'), real, SETTLE_MS / 2];
  writeFileSync(sensor, `#!/bin/sh\nexec ${alone.join(' ')} "$@"\n`, { mode: 0o755 });
  writeFileSync(config, `[sampling]\nsample_interval_alert_s = 10\n[sensor]\nbpftrace = "${sensor}"\n`);
  const places = [
    '--runtime-dir',
    join(folder, 'run'),
    '--state-dir',
    join(folder, 'state'),
    '--config',
    config,
  ];
  const flags = ['--max-semi-space-size=1', join(root, 'bin/vigil')];
  const daemon = spawn(process.execPath, [...flags, 'daemon', '--log-format', 'json', ...places], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  running.push(daemon);
  await sleep(SETTLE_MS / 2);
  await warmUp();
  await sleep(SETTLE_MS / 2);

  const windows = [];
  const all = new Map();
  let before = read(daemon.pid);
  for (let s = 0; s < seconds; s += WINDOW_S) {
    await sleep(WINDOW_S * 1000);
    const after = read(daemon.pid);
    let window_ns = 0;
    for (const [name, { ns, wakeups }] of after) {
      const start = before.get(name) ?? { ns: 0, wakeups: 0 };
      const sum = all.get(name) ?? { ns: 0, wakeups: 0 };
      all.set(name, { ns: sum.ns + ns - start.ns, wakeups: sum.wakeups + wakeups - start.wakeups });
      if (!name.startsWith(SENSOR)) window_ns += ns - start.ns;
    }
    windows.push(window_ns);
    before = after;
  }
  const percent = (ns, s) => `${(ns / 1e7 / s).toFixed(3)} %`.padStart(9);
  console.log(`${processes()} processes, ${seconds} s`);
  console.log('of a core   wake-ups/s  what');
  for (const [name, { ns, wakeups }] of all) {
    if (ns > 0) console.log(percent(ns, seconds), (wakeups / seconds).toFixed(1).padStart(12), '', name);
  }
  const total_ns = windows.reduce((sum, ns) => sum + ns, 0);
  console.log(percent(total_ns, seconds), ' '.repeat(13), 'all but bpftrace, which works for what others do');
  console.log(
    percent(Math.min(...windows), WINDOW_S),
    ' '.repeat(13),
    `the same in the quietest ${WINDOW_S} s`,
  );
  for (const pid of family(daemon.pid)) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mb = key => (Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)[1]) / 1024).toFixed(1);
    console.log(
      `memory of ${name(pid)}: RSS ${mb('Rss')} MB, PSS ${mb('Pss')} MB, anonymous ${mb('Anonymous')} MB`,
    );
  }
}

/** Each time it goes on, it looks at once. */
async function warmUp() {
  const { connectToDaemon } = await import(join(root, 'dist/api/client/index.js'));
  const client = await connectToDaemon({ runtimeDir: join(folder, 'run') });
  for (let i = 0; i < WARM_UP_LOOKS; i++) {
    await client.request('pause_monitoring');
    await client.request('resume_monitoring');
    await sleep(50);
  }
  client.close();
}

/** CPU time and voluntary switches of every thread of the daemon and of what it started. */
function read(pid) {
  const threads = new Map();
  for (const member of family(pid)) {
    for (const tid of readdirSync(`/proc/${member}/task`)) {
      const at = `/proc/${member}/task/${tid}`;
      const ns = Number(readFileSync(`${at}/schedstat`, 'utf8').split(' ')[0]);
      const wakeups = Number(
        /^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`${at}/status`, 'utf8'))[1],
      );
      const what = `${name(member)}${tid === String(member) ? '' : `, thread ${tid} ${comm(at)}`}`;
      threads.set(what, { ns, wakeups });
    }
  }
  return threads;
}

function family(pid) {
  const children = readdirSync(`/proc/${pid}/task`)
    .flatMap(tid => readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').trim().split(' '))
    .filter(Boolean);
  return [pid, ...children.flatMap(child => family(Number(child)))];
}

function comm(at) {
  return readFileSync(`${at}/comm`, 'utf8').trim();
}

function name(pid) {
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = args.find(arg => /helper\.js$|bin\/vigil$/.test(arg));
  if (args.some(arg => arg.endsWith('alone.mjs'))) return `${SENSOR} (pid ${pid}, kept back)`;
  const role =
    script === undefined ? comm(`/proc/${pid}`) : script.endsWith('helper.js') ? 'helper' : 'daemon';
  return `${role} (pid ${pid})`;
}

function processes() {
  return readdirSync('/proc').filter(entry => /^\d+$/.test(entry)).length;
}

/** What looks, what judges and what is kept, as in the daemon, on a clock that jumps. */
async function anHour() {
  const { Bus } = await import(join(root, 'dist/bus.js'));
  const { AlertRules } = await import(join(root, 'dist/daemon/alerts/alert-rules.js'));
  const { HostMonitor } = await import(join(root, 'dist/daemon/host/host-monitor.js'));
  const { HOST_FIGURES } = await import(join(root, 'dist/sources/host/index.js'));
  const { History } = await import(join(root, 'dist/store/history.js'));
  const { openStore } = await import(join(root, 'dist/store/open.js'));
  const { loadConfig } = await import(join(root, 'dist/config/load.js'));
  const { now } = await import(join(root, 'dist/lib/time/time.js'));
  const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map(level => [level, () => {}]));
  const { config } = loadConfig(join(folder, 'none.toml'), { explicit: false });
  const store = await openStore({
    directory: join(folder, 'hour'),
    logger,
    now,
    retention_hours: 168,
    snapshot_interval_s: 10,
    max_bytes: 200_000_000,
    figures: HOST_FIGURES,
  });
  const bus = new Bus({
    record: (owner, error) => {
      throw new Error(owner, { cause: error });
    },
  });
  const history = new History(store, bus);
  const judge = new AlertRules({ config, logger, bus, store });
  const host = new HostMonitor({
    config,
    logger,
    roots: { proc: '/proc', sys: '/sys' },
    bus,
    agents: { sessions: () => [], find: () => undefined, wantsFacts: () => false },
    judge,
  });
  const real = performance.now.bind(performance);
  let jumped_ms = 0;
  performance.now = () => real() + jumped_ms;
  const heaps_mb = [];
  const STEPS = 720;
  const cpu = process.cpuUsage();
  let looks = 0;
  bus.on('bench', 'machine.snapshot', () => looks++);
  for (let step = 0; step <= STEPS; step++) {
    jumped_ms += 5_000;
    await host.look();
    await sleep(5);
    if (step % 90 !== 0) continue;
    await sleep(300);
    globalThis.gc?.();
    heaps_mb.push((process.memoryUsage().heapUsed / 1e6).toFixed(2));
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(`${looks} looks, an hour at 5 s, heap after each eighth: ${heaps_mb.join(', ')} MB`);
  console.log(`CPU of a look, store included: ${((user + system) / 1000 / STEPS).toFixed(2)} ms`);
  performance.now = real;
  await host.stop();
  await judge.stop();
  history.stop?.();
  await store.stop();
}
