import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRoot } from './helpers.js';

/**
 * A machine, or a daemon, that has no descriptor left: in a process of its own with the built program, since that ends
 * with an error that nobody heard when it is wrong.
 */
const SCRIPT = `
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const { createSensor } = await import(process.argv[1] + '/sources/kernel/index.js');
const { follow } = await import(process.argv[1] + '/sources/journal/journalctl.js');
const { statfsByChild } = await import(process.argv[1] + '/sources/host/filesystems/statfs.js');
const log = { debug() {}, info() {}, warn() {}, error() {} };
const quiet = { event() {}, gap() {}, lost() {}, lifecycle() {}, terminal() {} };
const options = { logger: log, bpfDir: process.argv[1] + '/../bpf', daemonPid: process.pid };
const held = [];
const exhaust = () => { try { for (;;) held.push(openSync('/dev/null')); } catch {} };
const recover = () => { for (const fd of held.splice(0)) closeSync(fd); };
const until = async ask => { while (!ask()) await sleep(20); };
const say = (what, value) => process.stdout.write(JSON.stringify({ what, value }) + '\\n');

const sensor = createSensor({ ...options, forceTier: 'tracepoint' }, quiet);
await sensor.start();
await until(() => sensor.health().programs[0].state === 'running');
// Not sooner: the loader of modules has many files open.
spawnSync('prlimit', ['--nofile=128', '--pid', String(process.pid)]);
exhaust();
for (let i = 0; i < 8; i++) {
  const following = follow('/bin/true', [], () => {});
  say('journal', await following.ended);
  say('statfs', await statfsByChild('/'));
  if (held.length > 0) closeSync(held.pop());
}
exhaust();
process.kill(sensor.health().programs[0].pid, 'SIGKILL');
await until(() => /cannot be started/.test(sensor.health().programs[0].problem ?? ''));
say('down', sensor.health().programs[0]);
const late = createSensor({ ...options, forceTier: 'tracepoint' }, quiet);
const started = late.start();
await sleep(500);
recover();
await until(() => sensor.health().programs[0].state === 'running');
await started;
say('late', late.health().tier);
await Promise.all([sensor.stop(), late.stop()]);
say('end', null);
`;

describe.skipIf(!isRoot)('without a descriptor left', () => {
  it('nothing ends vigil; bpftrace is tried again, and runs when there are some', async () => {
    const dist = resolve('dist');
    const node = ['--input-type=module', '-e', SCRIPT, dist];
    const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', chunk => {
      out += chunk;
    });
    child.stderr.on('data', chunk => {
      err += chunk;
    });
    const code = await new Promise(done => child.once('close', done));
    expect(err).toBe('');
    expect(code).toBe(0);
    const said = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { what: string; value: unknown });
    expect(said.find(({ what }) => what === 'down')?.value).toMatchObject({
      state: 'backoff',
      problem: 'bpftrace cannot be started: EMFILE',
    });
    expect(said.find(({ what }) => what === 'late')?.value).toBe('tracepoint');
    expect(said.find(({ what }) => what === 'journal')?.value).toMatch(/EMFILE/);
  });
});
