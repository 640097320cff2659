import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { RecentExecs } from '../../../src/daemon/host/recent-execs.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { Lineage, type Origin } from '../../../src/lib/process/lineage.js';
import type { KernelEvent } from '../../../src/model/kernel-event.js';
import { createSensor } from '../../../src/sources/kernel/index.js';
import { BPF_DIR, isRoot, script, until } from './helpers.js';

const PROCESSES = 10_000;
/** Each is made, becomes a program (each tenth with as many arguments as are told), and ends. */
const STORM = `
import sys, time
seq = 0
def line(text):
    global seq
    seq += 1
    kind, rest = text.split(' ', 1)
    print('{"type": "printf", "data": "%s 0 %d %d %s\\\\n"}' % (kind, seq, 10**12 + seq * 1000, rest))
print('{"type": "printf", "data": "H 1000000000000 0\\\\n"}', flush=True)
piece = ' '.join(['61'] * 159 + ['00'])
for pid in range(100, 100 + ${PROCESSES}):
    line('F %d 1' % pid)
    line('E %d 1 1000 %d 9 2f 62 69 6e 2f 79 65 73 00' % (pid, 0 if pid % 10 else 800))
    if pid % 10 == 0:
        for offset in range(0, 800, 160): line('A %d %d %s' % (pid, offset, piece))
    line('X %d 0 0 0' % pid)
while True:
    print('{"type": "printf", "data": "H 1000000000000 0\\\\n"}', flush=True)
    time.sleep(1)
`;
/** A fake bpftrace that can be asked anything and runs this. */
const fake = (name: string, python: string) => {
  const program = script(`${name}.py`, python);
  const answers = `[ "$1" = --version ] && { echo bpftrace v0.99.0; exit; }\n[ "$1" = -lv ] && exit`;
  return script(name, `#!/bin/sh\n${answers}\nexec python3 -S -E ${program}\n`);
};

/** The most CPU time that this process used in one turn of its event loop, until `stop()`. */
function watchTurns(): () => number {
  let most_us = 0;
  let before = process.cpuUsage();
  let timer = setImmediate(function turn() {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    most_us = Math.max(most_us, user + system);
    timer = setImmediate(turn);
  });
  return () => {
    clearImmediate(timer);
    return most_us / 1000;
  };
}

function heap_mb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1e6;
}

const busy = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe.skipIf(!isRoot)('a storm of processes', () => {
  it('is seen whole, in turns that leave time for everything else, and is forgotten', async () => {
    const lineage = new Lineage<Origin>();
    const recent = new RecentExecs();
    const counts = { fork: 0, exec: 0, exit: 0 };
    const take = (event: KernelEvent) => {
      if (event.type !== 'fork' && event.type !== 'exec' && event.type !== 'exit') return;
      counts[event.type]++;
      recent.hear(event);
      if (event.type === 'fork') lineage.fork(event.ppid, event.pid, undefined);
      else if (event.type === 'exit') lineage.exit(event.pid);
      busy(0.1); // as one that makes somebody read /proc
    };
    let lost = 0;
    const lose = (count: number) => {
      lost += count;
    };
    const sensor = createSensor(
      {
        logger: silentLogger(),
        bpfDir: BPF_DIR,
        daemonPid: process.pid,
        bpftracePath: fake('storm', STORM),
        forceTier: 'tracepoint',
      },
      { event: take, gap: () => {}, lost: lose, lifecycle: () => {}, terminal: () => {} },
    );
    const before_mb = heap_mb();
    const stop = watchTurns();
    try {
      await sensor.start();
      await until('all ended', () => counts.exit === PROCESSES);
      const longest_ms = stop();
      expect(counts).toEqual({ fork: PROCESSES, exec: PROCESSES, exit: PROCESSES });
      expect(lost).toBe(0);
      expect(sensor.health().programs[0]).toMatchObject({ received: 3.5 * PROCESSES, unparsed: 0, lost: 0 });
      expect(longest_ms).toBeLessThan(200);
      lineage.see({ rows: [], get: () => undefined }, []);
      expect(heap_mb() - before_mb).toBeLessThan(20);
    } finally {
      stop();
      await sensor.stop();
    }
  });
});
