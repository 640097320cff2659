import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bus } from '../../../src/bus.js';
import { ResyncScheduler } from '../../../src/daemon/agents/resync.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { createLogger, silentLogger } from '../../../src/lib/log/logger.js';
import { GuardedMachine } from '../guarded.js';
import { until } from '../until.js';

const SAID = 'looking at all processes again';

describe('gaps in what the kernel tells', () => {
  let looks: number;
  let log: { reason: string }[];
  let bus: Bus;
  let resync: ResyncScheduler;

  beforeEach(() => {
    vi.useFakeTimers();
    looks = 0;
    log = [];
    const faults = new FaultLog(silentLogger());
    bus = new Bus(faults);
    resync = new ResyncScheduler({
      bus,
      faults,
      logger: createLogger({
        level: 'info',
        format: 'json',
        write: text => void log.push(JSON.parse(text) as { reason: string }),
      }),
      scan: {
        rescan: async () => {
          looks++;
        },
      },
    });
  });

  afterEach(() => {
    resync.stop();
    vi.useRealTimers();
  });

  it('are looked after soon, once for all that was lost together, and said in one line', () => {
    for (let i = 0; i < 999; i++) bus.emit('sensor.gap', { lost: 2 });
    expect(looks).toBe(0);
    vi.advanceTimersByTime(100);
    expect(looks).toBe(1);
    expect(log.map(({ reason }) => reason)).toEqual(['1998 process events were lost']);
    expect(resync.health().problems).toEqual([
      '1998 process events were lost (0 s ago; all processes were looked at again)',
    ]);
    vi.advanceTimersByTime(3_600_000);
    expect(looks).toBe(1);
    expect(resync.health().problems).toEqual([]);
  });

  it('that go on are looked after once in two seconds, and none is forgotten', () => {
    for (let ms = 0; ms < 20_000; ms += 10) {
      bus.emit('sensor.gap', { lost: 1 });
      vi.advanceTimersByTime(10);
    }
    expect(looks).toBe(10);
    vi.advanceTimersByTime(2_000);
    expect(looks).toBe(11);
    const told = log.map(({ reason }) => Number.parseInt(reason, 10)).reduce((sum, count) => sum + count);
    expect(told).toBe(2_000);
  });

  it('of several kinds are told together; none when vigil ends', () => {
    bus.emit('sensor.gap', { reason: 'the lifecycle program was attached again' });
    bus.emit('sensor.gap', { lost: 3 });
    bus.emit('sensor.gap', { reason: 'the lifecycle program was attached again' });
    vi.advanceTimersByTime(100);
    expect(log.map(({ reason }) => reason)).toEqual([
      'the lifecycle program was attached again; 3 process events were lost',
    ]);
    bus.emit('sensor.gap', { lost: 1 });
    resync.stop();
    vi.advanceTimersByTime(10_000);
    expect(looks).toBe(1);
  });
});

describe.skipIf(process.getuid?.() !== 0)('the daemon', () => {
  const machine = new GuardedMachine();

  afterAll(() => machine.remove());

  it('does not look at all of /proc for each line that was lost', async () => {
    // Of 2,000 lines every other one; then it lives on as bpftrace does.
    const bpftrace = join(machine.dir, 'bpftrace');
    writeFileSync(
      bpftrace,
      `#!/bin/bash
case "$*" in
*--version*) echo "bpftrace v0.17.0"; exit 0;;
*-lv*) exit 0;;
*-e*) echo "ERROR: could not attach" >&2; exit 1;;
esac
cat >/dev/null
ns() { local up; read -r up _ </proc/uptime; echo "\${up/./}0000000"; }
beat() { printf '{"type": "printf", "data": "H %s\\\\n"}\\n{"type": "map", "data": {"@seq": {"0": 1999}}}\\n' "$(ns)"; }
beat
at=$(ns)
for i in {1..1999..2}; do printf '{"type": "printf", "data": "F 0 %d %s 4000000 1\\\\n"}\\n' $i "$at"; done
while :; do sleep 1; beat; done
`,
    );
    chmodSync(bpftrace, 0o755);
    await machine.start(`[sensor]\nbpftrace = "${bpftrace}"\n`);
    const told = () =>
      machine
        .log()
        .split('\n')
        .filter(line => line.includes(SAID))
        .map(line => Number.parseInt((JSON.parse(line) as { reason: string }).reason, 10));
    const lost = () => told().reduce((sum, count) => sum + count, 0);
    await until('all losses to be told', () => lost() >= 999);
    expect(lost()).toBe(999);
    expect(told().length).toBeLessThan(20);
    const { problems } = await machine.health();
    expect(problems.filter(problem => problem.includes('process events were lost'))).toHaveLength(1);
  }, 150_000);
});
