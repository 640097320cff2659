// What an unrelated process pays for its 1-byte read() and write() while the programs of tier fentry are attached and an
// agent is announced, beside the mean of before and after. The machine's clock counts instructions: one look does.
import { execFileSync } from 'node:child_process';
import { openAnnouncer } from '/usr/lib/vigil/dist/sources/kernel/announce.js';
import { findBpftrace, kernelStructs, runProgram } from '/usr/lib/vigil/dist/sources/kernel/bpftrace.js';
import { loadProgram } from '/usr/lib/vigil/dist/sources/kernel/program.js';

/** Slices short enough that most of them are spared by whatever else runs on the machine. */
const CALLS = '1000';
const SLICES = '100';
const MOST = 1.02;

const { bpftrace } = await findBpftrace();
const machine = { structs: await kernelStructs(bpftrace), version: bpftrace.version };
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
    const line = text => {
      if (text?.includes('"H ')) resolve(program);
    };
    const program = runProgram(bpftrace, { text, parameters: [String(process.pid)] }, { line });
    program.exited.then(exit => reject(new Error(exit.stderr)));
  });

measure(); // warm
const before = measure();
const programs = await Promise.all(texts.map(attach));
announce(process.pid);
const attached = measure();
await Promise.all(programs.map(program => program.stop()));
const after = measure();
for (const [column, name] of ['read()', 'write()'].entries()) {
  const without_ns = (before[column] + after[column]) / 2;
  const ratio = attached[column] / without_ns;
  const seen = `${ratio.toFixed(3)}x of ${without_ns.toFixed(0)} ns`;
  console.log(`${ratio <= MOST ? 'ok     ' : 'FAILED '} cost: a 1-byte ${name} of others takes ${seen}`);
}
process.exit(0);
