import { parseArgs } from 'node:util';
import type { Snapshot } from '../../src/model/snapshot.js';
import { RULES } from '../../src/rules/checks/index.js';
import { History } from '../../src/rules/engine/history.js';
import type { AnyRule } from '../../src/rules/engine/rule.js';
import { settingsFrom } from '../../src/rules/engine/settings.js';
import { Baseline } from '../../src/rules/statistics/baseline.js';
import { GB, Machine, MB, refOf, rulesConfig } from '../../test/rules/machine.js';

/**
 * What the rules cost: time for each snapshot (history, rules, alerts) at some numbers of processes, with the
 * usual churn, without trouble and with some; each rule alone; and the memory of the history over hours.
 *
 *   node_modules/.bin/tsc -p bench/rules/tsconfig.json && node --expose-gc build/rules/bench/rules/main.js
 */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '300' } } });
const rounds = Number(values.rounds);

/** A developer's machine: a few agents with their servers, a browser, shells, and a lot that sleeps. */
function machine(processes: number, trouble: boolean): Machine {
  const made = new Machine({ allowlist: { ignore_commands: ['Xorg', 'dbus*'] } });
  for (let i = 0; i < 4; i++) {
    const session = made.addSession({ cwd: `/home/ann/p${i}` });
    const own = { ppid: session.pid, session: refOf(session) };
    made.many(4, {
      comm: 'node',
      cmdline: `node /home/ann/.npm/_npx/${i}/server.js`,
      rss_bytes: 90 * MB,
      ...own,
    });
    if (trouble && i === 0) made.endSession(session);
  }
  const busy = Math.floor(processes / 10);
  made.many(busy, { comm: 'worker', cpu_percent: 5, rss_bytes: 200 * MB, anon_bytes: 150 * MB, fds: 100 });
  if (trouble) {
    made.many(10, { comm: 'yes', cpu_percent: 99 });
    made.many(30, { comm: 'python3', cmdline: 'python3 mcp_server.py', rss_bytes: 200 * MB });
    made.many(5, { comm: 'ls', state: 'D' });
    made.add({ comm: 'hog', rss_bytes: 9 * GB, anon_bytes: 9 * GB });
  }
  const rest = processes - made.processes.length;
  for (let i = 0; i < rest; i++) made.add({ comm: `c${i % 50}`, cmdline: `/usr/bin/c${i % 50} --flag ${i}` });
  return made;
}

/** Snapshots of some minutes, made beforehand: making them is not what is measured. */
function film(of: Machine, count: number): Snapshot[] {
  return Array.from({ length: count }, (_, n) => {
    of.now_ms += 10_000;
    const late = of.processes.slice(-Math.ceil(of.processes.length / 100));
    of.remove(late);
    of.many(late.length, { comm: 'sh', cmdline: `sh -c ${n}` });
    for (const process of of.processes)
      if (process.anon_bytes! > 100 * MB) process.anon_bytes! += (n % 7) * MB;
    return of.snapshot();
  });
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

for (const processes of [200, 1_000, 5_000, 10_000]) {
  for (const trouble of [false, true]) {
    const of = machine(processes, trouble);
    const times = film(of, Math.min(rounds, Math.ceil((rounds * 1_000) / processes))).map(snapshot => {
      const begin = performance.now();
      of.engine.evaluate(snapshot);
      return performance.now() - begin;
    });
    const p99 = [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
    const state = trouble ? `trouble, ${of.open.length} alerts` : 'quiet';
    console.log(
      `${processes} processes, ${state}: ${median(times).toFixed(2)} ms a snapshot, p99 ${p99.toFixed(2)} ms`,
    );
  }
}

const of = machine(1_000, true);
const settingsOf = settingsFrom(rulesConfig());
const known = new History({
  windows: { memory_ms: 300_000, memory_long_ms: 3_600_000, fds_ms: 600_000 },
  gap_ms: 45_000,
  baseline: new Baseline(),
  self_pid: 2,
  ignores: some => some.map(() => false),
});
const spent = new Map<string, number[]>([['(history)', []]]);
for (const snapshot of film(of, rounds)) {
  let begin = performance.now();
  known.add(snapshot);
  spent.get('(history)')!.push(performance.now() - begin);
  for (const rule of RULES as readonly AnyRule[]) {
    const settings = settingsOf(rule);
    begin = performance.now();
    rule.check(known, snapshot.time_ms, settings, settingsOf);
    const times = spent.get(rule.id) ?? [];
    times.push(performance.now() - begin);
    spent.set(rule.id, times);
  }
}
console.log('\nat 1,000 processes with trouble, each alone:');
for (const [name, times] of [...spent].sort((a, b) => median(b[1]) - median(a[1])).slice(0, 12)) {
  console.log(`  ${name.padEnd(22)} ${(median(times) * 1000).toFixed(0)} µs`);
}

if (globalThis.gc === undefined) console.log('\nmemory: run with --expose-gc');
else {
  console.log('\nheap over hours, 1,000 processes, 10 new ones at each of 360 snapshots an hour:');
  const long = machine(1_000, true);
  for (let hour = 0; hour <= 4; hour++) {
    // A few at a time: the film itself must not be what is measured.
    for (let n = 0; n < 360; n++) for (const snapshot of film(long, 1)) long.engine.evaluate(snapshot);
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    console.log(`  after ${hour + 1} h: ${((heapUsed + arrayBuffers) / MB).toFixed(1)} MB`);
  }
}
