import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GuardedMachine } from '../../test/daemon/guarded.js';
import { MemoryCgroup } from '../../test/daemon/memory-cgroup.js';
import { Misbehaving } from '../../test/outputs/helpers/misbehaving.js';

/**
 * How long before its end a real daemon names who fills its memory: a program below a limit that it fills at a steady
 * pace until the kernel ends it. 4 GB at 170 MB/s last 24 s, as 24 GB do at 1 GB/s.
 *
 *   node build/lab/bench/memory/main.js [--limit-mb 4096] [--mb-per-s 170] [--runs 3]
 *
 * Needs root, `make build`, python3 and the memory. Exits 1 when one was named less than 20 s before the end.
 */
const { values } = parseArgs({
  options: {
    'limit-mb': { type: 'string', default: '4096' },
    'mb-per-s': { type: 'string', default: '170' },
    runs: { type: 'string', default: '3' },
  },
});
const limit_mb = Number(values['limit-mb']);
const pace_mb = Number(values['mb-per-s']);
const AIM_S = 20;
const POLL_MS = 20;

const machine = new GuardedMachine();
const programs = new Misbehaving();
const cgroup = MemoryCgroup.create(limit_mb * 2 ** 20);
let missed = 0;
try {
  await machine.start('');
  // A daemon that watches for a while, as it does on a machine where somebody works.
  await machine.looks(2);
  for (let run = 0; run < Number(values.runs); run++) await once();
} finally {
  programs.remove();
  await machine.remove();
  while (!cgroup.isEmpty()) await sleep(POLL_MS);
  cgroup.remove();
}
process.exit(missed > 0 ? 1 : 0);

async function once(): Promise<void> {
  const greedy = await programs.start('greedy.py', cgroup.procs, String(pace_mb), String(2 * limit_mb));
  const began_ms = performance.now();
  let named_ms: number | null = null;
  while (existsSync(`/proc/${greedy.pid}/exe`)) {
    const words = machine.about(({ subject }) => subject.processes.some(({ pid }) => pid === greedy.pid));
    if (words.some(({ alert }) => alert.rule === 'memory_full_soon')) named_ms ??= performance.now();
    await sleep(POLL_MS);
  }
  const ended_ms = performance.now();
  const s = (ms: number) => (ms / 1000).toFixed(1);
  const left = named_ms === null ? 'never named' : `named ${s(ended_ms - named_ms)} s before the end`;
  console.log(`${limit_mb} MB at ${pace_mb} MB/s, full after ${s(ended_ms - began_ms)} s: ${left}`);
  if (named_ms === null || ended_ms - named_ms < AIM_S * 1000) missed++;
}
