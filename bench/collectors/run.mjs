// What each collector costs: microseconds of a run, and percent of a core at its own interval.
// `make build && node bench/collectors/run.mjs [rounds]`
import { CollectorDriver } from '../../dist/sources/host/driver.js';
import { COLLECTORS as collectors } from '../../dist/sources/host/index.js';

const rounds = Number(process.argv[2] ?? 50);
const INTERVAL_MS = 10_000;
const logger = {
  info: (fields, text) => console.error(text, fields),
  warn: (fields, text) => console.error(text, fields),
};
const driver = new CollectorDriver({ collectors, logger, boot_ms: 0 });
const samples = new Map(collectors.map(({ id }) => [id, []]));

let now_ms = Date.now();
const cpuBefore = process.cpuUsage();
for (let i = 0; i < rounds; i++) {
  const runs = new Map(driver.health().map(({ name, runs }) => [name, runs]));
  driver.round(now_ms);
  for (const { name, runs: after, duration_us } of driver.health()) {
    if (after > runs.get(name)) samples.get(name).push(duration_us);
  }
  // What works in the background gets its turn.
  await new Promise(resolve => setTimeout(resolve, 20));
  now_ms += INTERVAL_MS;
}
const cpu = process.cpuUsage(cpuBefore);
const health = new Map(driver.health().map(entry => [entry.name, entry]));
await driver.stop();

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
console.log('collector        state     runs  first µs  median µs  max µs  % of a core at 10 s');
for (const [name, all] of samples) {
  const [first, ...rest] = all;
  const mean = rest.reduce((sum, value) => sum + value, 0) / Math.max(1, rounds - 1);
  console.log(
    name.padEnd(16),
    health.get(name).state.padEnd(8),
    String(all.length).padStart(5),
    String(first ?? 0).padStart(9),
    String(median(rest)).padStart(10),
    String(Math.max(0, ...rest)).padStart(7),
    ((mean / 1000 / INTERVAL_MS) * 100).toFixed(4).padStart(20),
  );
}
const ms = (cpu.user + cpu.system) / 1000 / rounds;
console.log(
  `whole round: ${ms.toFixed(2)} ms of CPU, background included: ${((ms / INTERVAL_MS) * 100).toFixed(3)} % of a core at 10 s`,
);
