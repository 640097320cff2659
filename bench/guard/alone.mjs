#!/usr/bin/env node
// Stands for bpftrace and runs it. After a while it keeps back what others do on this machine: processes that come
// and go are no longer told, only that the kernel program lives.
// Usage: alone.mjs BPFTRACE AFTER_MS [arguments of bpftrace]
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [bpftrace, after_ms, ...args] = process.argv.slice(2);
const child = spawn(bpftrace, args, { stdio: ['inherit', 'pipe', 'inherit'] });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));

/** The last counts of lines told: those that match what went through. */
let counts = null;
const begin = performance.now() + Number(after_ms);
createInterface({ input: child.stdout }).on('line', line => {
  const isCount = line.includes('"@seq"');
  if (counts === null) {
    process.stdout.write(`${line}\n`);
    if (isCount && performance.now() > begin) counts = line;
  } else if (isCount) process.stdout.write(`${counts}\n`);
  else if (/"data": "H /.test(line)) process.stdout.write(`${line}\n`);
});
