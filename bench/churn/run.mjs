// 10,000 short-lived processes as fast as they can be started: is each seen or counted as lost, is memory flat?
// Usage: node bench/churn/run.mjs [processes] [rounds]   as root, after `make build`
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSensor } from '../../dist/sources/kernel/index.js';

const processes = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 5);
const silent = () => {};
const logger = { debug: silent, info: silent, warn: console.error, error: console.error };
/** The pids that each kind of event told of. */
const seen = { fork: new Set(), exec: new Set(), exit: new Set() };
const children = new Set();
let disordered = 0;
let parent = 0;
const sensor = createSensor(
  { logger, bpfDir: fileURLToPath(new URL('../../bpf', import.meta.url)), daemonPid: process.pid },
  {
    event: event => {
      if (!(event.type in seen)) return;
      if (event.type === 'fork' && event.ppid === parent) {
        children.add(event.pid);
        if (seen.exec.has(event.pid)) disordered++;
      }
      seen[event.type].add(event.pid);
    },
    gap: silent,
    lost: silent,
    lifecycle: silent,
    terminal: silent,
  },
);
await sensor.start();
const health = () => sensor.health().programs[0];
// A busy machine needs longer for it than the start waits.
for (let tries = 0; health()?.state !== 'running'; tries++) {
  if (health() === undefined || tries === 600) throw new Error(JSON.stringify(sensor.health()));
  await sleep(100);
}
const mb = () => `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`;
console.log(
  `bpftrace ${sensor.health().bpftrace_version}; each process is forked, executes /bin/true and ends\n`,
);
console.log('round  seconds    forks    execs    exits  exec 1st   lost lines   rss');
for (let round = 1; round <= rounds; round++) {
  for (const set of [...Object.values(seen), children]) set.clear();
  disordered = 0;
  const lost = health().lost;
  const start = performance.now();
  const loop = `i=0; while [ $i -lt ${processes} ]; do /bin/true; i=$((i+1)); done`;
  const shell = spawn('/bin/sh', ['-c', loop], { stdio: 'ignore' });
  parent = shell.pid;
  await new Promise(resolve => shell.on('exit', resolve));
  const seconds = (performance.now() - start) / 1000;
  await sleep(2_500);
  globalThis.gc?.();
  const columns = [seen.fork, seen.exec, seen.exit, null]
    .map(set => (set === null ? disordered : [...children].filter(pid => set.has(pid)).length))
    .map(n => String(n).padStart(9))
    .join('');
  const losses = String(health().lost - lost).padStart(13);
  console.log(`${String(round).padStart(5)}${seconds.toFixed(1).padStart(9)}${columns}${losses}   ${mb()}`);
}
await sensor.stop();
