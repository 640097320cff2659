// What an unrelated process pays for its 1-byte read() and write() while the fentry program is attached and an
// agent is announced. Usage: node cost.mjs [rounds] [loops]
import { execFileSync } from 'node:child_process';
import { openAnnouncer } from '/usr/lib/vigil/dist/kernel/announce.js';
import { findBpftrace, runProgram, structPid } from '/usr/lib/vigil/dist/kernel/bpftrace.js';
import { loadProgram } from '/usr/lib/vigil/dist/kernel/program.js';

const [rounds = '3', loops = '60000'] = process.argv.slice(2);
const { bpftrace } = await findBpftrace();
const machine = { structPid: await structPid(bpftrace), version: bpftrace.version };
const texts = await Promise.all(
  ['lifecycle', 'terminal-fentry'].map(name => loadProgram('/usr/lib/vigil/bpf', name, machine)),
);
const { announce } = await openAnnouncer();

// The best of many: other work on the machine only ever adds.
const measure = () => {
  const runs = Array.from({ length: 40 }, () =>
    execFileSync('/vigil-test/iocost', [loops]).toString().split(' '),
  );
  return [0, 1].map(column => Math.min(...runs.map(run => Number(run[column]))));
};
const attach = text =>
  new Promise((resolve, reject) => {
    const program = runProgram(bpftrace, text, [String(process.pid)], chunk => {
      if (chunk.includes('"H ')) resolve(program);
    });
    program.exited.then(exit => reject(new Error(exit.stderr)));
  });

const without = [];
const attached = [];
for (let round = 0; round < Number(rounds); round++) {
  without.push(measure());
  const programs = await Promise.all(texts.map(attach));
  announce(process.pid);
  attached.push(measure());
  await Promise.all(programs.map(program => program.stop()));
}
for (const [column, name] of ['read()', 'write()'].entries()) {
  const [base, cost] = [without, attached].map(all => Math.min(...all.map(round => round[column])));
  const ratios = attached.map((round, i) => (round[column] / without[i][column]).toFixed(3));
  console.log(
    `COST    1-byte ${name}: ${base.toFixed(0)} ns without vigil, ${cost.toFixed(0)} ns with, ${(cost / base).toFixed(3)}x (rounds: ${ratios.join(' ')})`,
  );
}
