import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLogger } from '../../src/lib/log/logger.js';
import { HOST_FIGURES } from '../../src/sources/host/index.js';
import { openStore } from '../../src/store/open.js';
import type { QueryArguments, QueryName } from '../../src/store/queries/index.js';
import type { Store } from '../../src/store/store.js';
import { alert, MB, machine, START_MS } from '../../test/store/machine.js';
import { transition } from '../../test/store/transition.js';
import { Stall } from './stall.js';

/**
 * What a week of history costs, in fast-forward: bytes per day, time per snapshot, the questions of a report
 * over the whole week, how long the event loop stood still, and whether memory grows.
 *
 *   node_modules/.bin/tsc -p bench/store/tsconfig.json && node --expose-gc build/store/bench/store/main.js [--hours 168]
 */
const { values } = parseArgs({ options: { hours: { type: 'string', default: '168' } } });
const hours = Number(values.hours);
const directory = mkdtempSync(join(tmpdir(), 'vigil-bench-store-'));
let now_ms = START_MS;
const options = {
  directory,
  logger: silentLogger(),
  now: () => now_ms,
  retention_hours: 168,
  snapshot_interval_s: 10,
  max_bytes: 200 * MB,
  figures: HOST_FIGURES,
  maintain_ms: 2 ** 30,
};

try {
  await week();
  await hourOfMemory();
} finally {
  rmSync(directory, { recursive: true });
}

async function week(): Promise<void> {
  const store = await openStore(options);
  const stall = new Stall();
  let written_us = 0;
  let longest_ms = 0;
  let kept_ms = 0;
  let ticks = 0;
  const sizes: string[] = [];
  for (; ticks < hours * 360; ticks++) {
    now_ms = START_MS + ticks * 10_000;
    const snapshot = machine(now_ms, ticks);
    const cpu = process.cpuUsage();
    const begin = performance.now();
    store.addSnapshot(snapshot);
    longest_ms = Math.max(longest_ms, performance.now() - begin);
    if (ticks % 60 === 0)
      store.putAlert(alert(ticks, { opened_ms: now_ms, status: 'resolved', resolved_ms: now_ms }));
    if (ticks % 3 === 0) store.addTransition(transition(now_ms, ticks % 2 === 0 ? 'WORKING' : 'WAITING'));
    if (ticks % 2 === 1) await store.flush();
    const { user, system } = process.cpuUsage(cpu);
    written_us += user + system;
    if (ticks % 360 !== 359) continue;
    const start = performance.now();
    await store.maintain();
    kept_ms += performance.now() - start;
    if (ticks % 8640 === 8639) sizes.push((store.health().bytes! / MB).toFixed(1));
  }
  await store.flush();
  console.log(
    `${hours} h, a snapshot each 10 s of 300 processes, 3 sessions; one new process among the top in each`,
  );
  console.log(`MB of the database after each day   ${sizes.join('  ')}`);
  const total = statSync(store.health().path).size;
  console.log(`MB per day, over all                ${(total / MB / (hours / 24)).toFixed(2)}`);
  // The machine, three sessions, the list of processes, one new name; now and then an alert or a transition.
  const rows = 6.35;
  const each_us = written_us / ticks;
  console.log(
    `µs of CPU per snapshot, both threads ${each_us.toFixed(0)}; per row ${(each_us / rows).toFixed(0)}`,
  );
  console.log(`longest call of addSnapshot, ms     ${longest_ms.toFixed(1)}`);
  console.log(`ms of thinning per day              ${(kept_ms / (hours / 24)).toFixed(0)}`);
  const with_ms = stall.longest();
  console.log(
    `longest stop of the event loop      ${with_ms.toFixed(0)} ms; without a store ${(await control()).toFixed(0)} ms`,
  );
  await questions(store);
  await store.stop();
}

/** How long the event loop stands still when the same snapshots are made and nobody keeps them. */
async function control(): Promise<number> {
  const stall = new Stall();
  for (let tick = 0; tick < hours * 90; tick++) {
    machine(START_MS + tick * 10_000, tick);
    if (tick % 2 === 1) await new Promise(resolve => setImmediate(resolve));
  }
  return stall.longest();
}

async function questions(store: Store): Promise<void> {
  const period = { from_ms: START_MS, to_ms: now_ms + 1 };
  const ask = async <N extends QueryName>(what: string, name: N, ...args: QueryArguments<N>) => {
    let best = { wall_ms: Number.POSITIVE_INFINITY, cpu_ms: 0 };
    let rows: unknown;
    for (let i = 0; i < 5; i++) {
      const [begin, cpu] = [performance.now(), process.cpuUsage()];
      rows = await store.query(name, ...args);
      const { user, system } = process.cpuUsage(cpu);
      const wall_ms = performance.now() - begin;
      if (wall_ms < best.wall_ms) best = { wall_ms, cpu_ms: (user + system) / 1000 };
    }
    const count = Array.isArray(rows) ? `${rows.length} rows` : '';
    const ms = (value: number) => value.toFixed(0).padStart(5);
    console.log(`${what.padEnd(36)}${ms(best.wall_ms)} ms, ${ms(best.cpu_ms)} ms of CPU  ${count}`);
  };
  const report = ['cpu_busy_percent', 'memory_used_bytes', 'swap_used_bytes', 'load1', 'disk_busy_percent'];
  const figures = [
    ...report,
    'pressure_memory_full_percent',
    'pressure_io_full_percent',
    'filesystem_used_percent',
  ];
  await ask('8 figures of the machine, 168 parts', 'hostSeries', period, 168, figures);
  await ask('all figures of the machine', 'hostSeries', period, 168);
  await ask('sessions', 'sessionTotals', period, 100, null);
  await ask('alerts by rule', 'alertsByRule', period);
  await ask('actions', 'actionsOf', period, 100, null);
  await ask('top processes', 'topOfPeriod', period, 'peak_rss', 20, null);
}

/** An hour at 5 s, all kept: what the heap and the process hold, at the start and at the end. */
async function hourOfMemory(): Promise<void> {
  const store = await openStore({ ...options, directory: join(directory, 'hour'), snapshot_interval_s: 5 });
  console.log('\nan hour of snapshots each 5 s      heap MB   RSS MB');
  for (let tick = 0; tick < 720 * 2; tick++) {
    now_ms = START_MS + tick * 5_000;
    store.addSnapshot(machine(now_ms, tick));
    await store.flush();
    if (tick % 120 === 0) await store.maintain();
    if (tick % 240 !== 239) continue;
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const minutes = `${(tick + 1) / 12} min`;
    console.log(
      `${minutes.padEnd(34)}${(heapUsed / MB).toFixed(1).padStart(8)}${(rss / MB).toFixed(0).padStart(9)}`,
    );
  }
  await store.stop();
}
