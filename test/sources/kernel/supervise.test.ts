import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../../src/sources/kernel/bpftrace.js';
import { SequenceCounter } from '../../../src/sources/kernel/events/sequence.js';
import { parseLine } from '../../../src/sources/kernel/events/stream.js';
import { BPF_DIR, fixture, isRoot, type Observed, observe, script, until } from './helpers.js';

const OWN = '/usr/bin/bpftrace';
const lifecycle = readFileSync(`${BPF_DIR}/lifecycle.bt`, 'utf8');

describe.skipIf(!isRoot)('sensor', () => {
  let seen: Observed | null = null;
  const open = async (options: Parameters<typeof observe>[0]) => {
    seen = observe(options);
    await seen.sensor.start();
    return seen;
  };
  afterEach(async () => {
    await seen?.sensor.stop();
    seen = null;
  });

  it('starts bpftrace again when it is killed, and tells of the gap', async () => {
    const { sensor, gaps, lifecycle, events, log } = await open({});
    await until('attached', () => lifecycle.length > 0);
    const { pid } = sensor.health().programs[0]!;
    expect(lifecycle).toEqual([true]);
    process.kill(pid!, 'SIGKILL');
    await until('down', () => sensor.health().programs[0]!.state === 'backoff');
    expect(sensor.health().programs[0]!.problem).toMatch(/killed by SIGKILL/);
    await until('up again', () => sensor.health().programs[0]!.state === 'running');
    expect(sensor.health().programs[0]).toMatchObject({ restarts: 1, problem: null });
    expect(sensor.health().programs[0]!.pid).not.toBe(pid);
    expect(gaps).toHaveLength(1);
    expect(lifecycle).toEqual([true, false, true]);
    expect(log.some(line => line.level === 'warn')).toBe(true);
    events.length = 0;
    const child = spawn('/bin/true');
    await until('events again', () => events.some(e => e.type === 'exit' && e.pid === child.pid));
  });

  it('stops and leaves nothing behind', async () => {
    const { sensor } = await open({});
    const { pid } = sensor.health().programs[0]!;
    await sensor.stop();
    expect(() => process.kill(pid!, 0)).toThrow();
  });

  it.each([
    ['missing', { bpftracePath: '/nonexistent/bpftrace' }, /no executable bpftrace at/],
    ['not absolute', { bpftracePath: 'bpftrace' }, /not absolute/],
    ['too old', { bpftracePath: script('old', '#!/bin/sh\necho bpftrace v0.16.0\n') }, /0\.16\.0 is too old/],
    ['mute', { bpftracePath: script('mute', '#!/bin/sh\nexit 1\n') }, /says no version/],
  ])('without bpftrace (%s): procfs, and why', async (_name, options, reason) => {
    const { sensor } = await open(options);
    expect(sensor.health()).toMatchObject({ tier: 'procfs', programs: [] });
    expect(sensor.health().tier_reason).toMatch(reason);
    sensor.watch(new Set([1]));
  });

  it('survives a bpftrace that prints garbage', async () => {
    const path = script(
      'garbage',
      `#!/bin/sh
[ "$1" = --version ] && { echo bpftrace v0.99.0; exit; }
[ "$1" = -lv ] && exit
printf '{"type":"printf","data":"H 1000"}\\n'
head -c 300000 /dev/urandom
printf '\\n{"type":"printf","data":"F 0 1 2000 1 x"}\\n{"type":"printf","data":"X"}\\n[]\\nnull\\n{"type":"map"}\\n'
printf '{"type":"printf","data":"F 0 1 2000 77 1"}\\n'
head -c 200000 /dev/zero | tr '\\0' x
exec sleep 30
`,
    );
    const { sensor, events, log } = await open({ bpftracePath: path });
    await until('the good line', () => events.some(e => e.type === 'fork' && e.pid === 77));
    const [program] = sensor.health().programs;
    expect(program!.state).toBe('running');
    expect(program!.received).toBe(1);
    expect(program!.unparsed).toBeGreaterThanOrEqual(6);
    // Logged at a limited rate.
    expect(log.filter(line => /not understood/.test(line.message)).length).toBeLessThanOrEqual(2);
  });

  it('waits longer and longer for one that fails, and says what it said', async () => {
    const path = script(
      'refused',
      `#!/bin/sh
[ "$1" = --version ] && { echo bpftrace v0.99.0; exit; }
echo "ERROR: Unknown error -1: couldn't set RLIMIT_MEMLOCK for bpftrace" >&2
echo 'ERROR: bpf: Operation not permitted' >&2
exit 1
`,
    );
    const { sensor, log } = await open({ bpftracePath: path });
    const pauses = () => log.map(line => line.fields.again_in_ms).filter(Boolean);
    await until('three attempts', () => pauses().length >= 3);
    const [program] = sensor.health().programs;
    expect(program!.state).toBe('backoff');
    expect(program!.problem).toMatch(
      /exit code 1 before it was attached: ERROR: bpf: Operation not permitted$/,
    );
    expect(pauses().slice(0, 3)).toEqual([250, 500, 1_000]);
  });

  it('leaves no bpftrace behind when its reader is gone', async () => {
    const child = spawn(OWN, ['-f', 'json', '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { BPFTRACE_STRLEN: '168', BPFTRACE_MAX_STRLEN: '168' },
    });
    child.stdin.end(lifecycle);
    let text = '';
    child.stdout.on('data', chunk => {
      text += chunk;
    });
    await until('attached', () => text.includes('"H '));
    child.stdout.destroy();
    await until('ended by itself', () => child.exitCode !== null || child.signalCode !== null);
  });

  it('counts exactly what was lost while bpftrace could not read', async () => {
    const counter = new SequenceCounter(0);
    const final = new Map<number, number>();
    let heartbeats = 0;
    let last: ReadonlyMap<number, number> = new Map();
    const read = (line: string | null) => {
      const item = parseLine(line ?? '');
      if (item.type === 'event') counter.line(item.line.cpu, item.line.seq);
      if (item.type === 'heartbeat') heartbeats++;
      if (item.type === 'counts') last = item.counts;
    };
    const bpftrace = { path: OWN, version: '' };
    const program = runProgram(bpftrace, { text: lifecycle, parameters: [] }, { line: read });
    onTestFinished(() => program.stop()); // also a stopped one
    await until('attached', () => heartbeats > 0);
    process.kill(program.pid!, 'SIGSTOP');
    const stopped = performance.now();
    const churn = spawn('python3', ['-S', '-E', fixture('churn.py'), '10000'], { stdio: 'ignore' });
    await new Promise(resolve => churn.on('exit', resolve));
    await sleep(Math.max(0, 5_000 - (performance.now() - stopped)));
    process.kill(program.pid!, 'SIGCONT');
    const before = heartbeats;
    await until('two heartbeats later', () => heartbeats >= before + 2);
    await program.stop();
    // At its end bpftrace prints the kernel's own counts once more.
    for (const [cpu, count] of last) final.set(cpu, count);
    counter.heartbeat(final, 0);
    counter.heartbeat(final, 1);
    const made = [...final.values()].reduce((sum, count) => sum + count, 0);
    expect(made).toBeGreaterThan(20_000);
    expect(counter.lost).toBeGreaterThan(1_000);
    expect(counter.received + counter.lost).toBe(made);
  }, 240_000);
});
