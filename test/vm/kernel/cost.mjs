// What an unrelated process pays for its 1-byte read() and write() while the fentry program is attached and an
// agent is announced. Attached and not, in turns: each attached figure is divided by the mean of the two beside it,
// which takes out what drifts, and the median of those ratios is told. Usage: node cost.mjs [pairs]
import { execFileSync } from 'node:child_process';
import { openAnnouncer } from '/usr/lib/vigil/dist/kernel/announce.js';
import { findBpftrace, runProgram, structPid } from '/usr/lib/vigil/dist/kernel/bpftrace.js';
import { loadProgram } from '/usr/lib/vigil/dist/kernel/program.js';

/** Slices short enough that most of them are spared by whatever else runs on the machine and below it. */
const CALLS = '1000';
const SLICES = '100';

const pairs = Number(process.argv[2] ?? 3);
const { bpftrace } = await findBpftrace();
const machine = { structPid: await structPid(bpftrace), version: bpftrace.version };
const texts = await Promise.all(
  ['lifecycle', 'terminal-fentry'].map(name => loadProgram('/usr/lib/vigil/bpf', name, machine)),
);
const { announce } = await openAnnouncer();

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** ns of one read() and of one write(). */
function measure() {
  const lines = execFileSync('/vigil-test/iocost', [CALLS, SLICES]).toString().trim().split('\n');
  return [0, 1].map(column => median(lines.map(line => Number(line.split(' ')[column]))));
}

const attach = text =>
  new Promise((resolve, reject) => {
    const program = runProgram(bpftrace, text, [String(process.pid)], chunk => {
      if (chunk.includes('"H ')) resolve(program);
    });
    program.exited.then(exit => reject(new Error(exit.stderr)));
  });

measure(); // warm
const without = [measure()];
const attached = [];
for (let pair = 0; pair < pairs; pair++) {
  const programs = await Promise.all(texts.map(attach));
  announce(process.pid);
  attached.push(measure());
  await Promise.all(programs.map(program => program.stop()));
  without.push(measure());
}
for (const [column, name] of ['read()', 'write()'].entries()) {
  const ratios = attached.map(
    (figures, i) => (2 * figures[column]) / (without[i][column] + without[i + 1][column]),
  );
  // The same of what is not attached: how far off a figure can be here.
  const noise = without
    .slice(1, -1)
    .map((figures, i) => (2 * figures[column]) / (without[i][column] + without[i + 2][column]));
  const range = all => `${Math.min(...all).toFixed(3)}-${Math.max(...all).toFixed(3)}`;
  const base = median(without.map(figures => figures[column])).toFixed(0);
  console.log(
    `COST    1-byte ${name}: ${median(ratios).toFixed(3)}x of ${base} ns (${pairs} pairs: ${range(ratios)}; without vigil, beside itself: ${median(noise).toFixed(3)}x, ${range(noise)})`,
  );
}
process.exit(0);
