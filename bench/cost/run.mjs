// What vigil's kernel programs cost a process that has nothing to do with any agent.
// Usage: node bench/cost/run.mjs [rounds] [loops]   as root, after `make build`
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 9);
const loops = process.argv[3] ?? '600000';
const here = fileURLToPath(new URL('.', import.meta.url));
const bpf = join(here, '../../bpf');
const folder = mkdtempSync(join(tmpdir(), 'vigil-cost-'));
const loop = join(folder, 'iocost');
execFileSync('cc', ['-O2', '-o', loop, join(here, 'iocost.c')]);

const { specialise, TERMINAL_STRING_BYTES } = await import('../../dist/sources/kernel/program.js');
const { findBpftrace, kernelStructs } = await import('../../dist/sources/kernel/bpftrace.js');
const { openAnnouncer } = await import('../../dist/sources/kernel/announce.js');
const { bpftrace, problem } = await findBpftrace();
if (!bpftrace) throw new Error(problem);
const machine = { structs: await kernelStructs(bpftrace), version: bpftrace.version };
const text = path => specialise(readFileSync(path, 'utf8'), machine);
const lifecycle = text(join(bpf, 'lifecycle.bt'));
const terminal = text(join(bpf, 'terminal-workqueue.bt'));
const naive = text(join(here, 'naive.bt'));
const announcer = await openAnnouncer();

const setups = [
  { name: 'without vigil', programs: [] },
  { name: 'vigil, no agent', programs: [lifecycle] },
  { name: 'vigil, agents (tracepoint tier)', programs: [lifecycle, terminal] },
  { name: 'naive two-probe program', programs: [naive] },
];
for (const setup of setups) Object.assign(setup, { read: [], write: [] });

async function attach(program) {
  const longest = program === terminal ? String(TERMINAL_STRING_BYTES) : '168';
  const child = spawn(bpftrace.path, ['-f', 'json', '-', String(process.pid)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { BPFTRACE_STRLEN: longest, BPFTRACE_MAX_STRLEN: longest, LC_ALL: 'C' },
  });
  child.stdin.end(program);
  await new Promise((resolve, reject) => {
    child.stdout.on('data', chunk => String(chunk).includes('"H ') && resolve());
    child.once('exit', code => reject(new Error(`bpftrace ended: ${code}`)));
  });
  child.removeAllListeners('exit');
  return child;
}

async function detach(child) {
  const gone = new Promise(resolve => child.once('exit', resolve));
  const again = setTimeout(() => child.kill('SIGTERM'), 400);
  const kill = setTimeout(() => child.kill('SIGKILL'), 900);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(again);
  clearTimeout(kill);
}

for (let round = 0; round < rounds; round++) {
  for (const setup of setups) {
    const running = [];
    for (const program of setup.programs) running.push(await attach(program));
    if (setup.programs.includes(terminal) && 'announce' in announcer) announcer.announce(process.pid);
    await sleep(100);
    // The best of five: other work on the machine only ever adds.
    const runs = Array.from({ length: 5 }, () =>
      execFileSync(loop, [loops]).toString().split(' ').map(Number),
    );
    setup.read.push(Math.min(...runs.map(run => run[0])));
    setup.write.push(Math.min(...runs.map(run => run[1])));
    await Promise.all(running.map(detach));
  }
}
rmSync(folder, { recursive: true });

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const [base] = setups;
const cell = (setup, key) => {
  const ns = median(setup[key]);
  return `${ns.toFixed(0).padStart(6)} ns ${(ns / median(base[key])).toFixed(3)}x`;
};
console.log(
  `bpftrace ${bpftrace.version}, ${rounds} interleaved rounds of ${loops} calls, best of 5 in each, medians over the rounds\n`,
);
console.log(`${''.padEnd(34)}${'1-byte read()'.padEnd(20)}1-byte write()`);
for (const setup of setups) {
  console.log(`${setup.name.padEnd(34)}${cell(setup, 'read').padEnd(20)}${cell(setup, 'write')}`);
}
