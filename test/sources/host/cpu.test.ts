import { describe, expect, it } from 'vitest';
import { CpuCollector, cpuShares, parseCpuTicks, parseLoad } from '../../../src/sources/host/cpu/cpu.js';
import { parseCpuinfoMhz, readFrequency } from '../../../src/sources/host/cpu/frequency.js';
import { ask, fixture, tree } from './tree.js';

describe('/proc/stat', () => {
  it('has a line for all cores and one for each that is online', () => {
    const ticks = parseCpuTicks(fixture('stat/four-cores-6.12'));
    expect([...ticks.keys()]).toEqual(['cpu', 'cpu0', 'cpu1', 'cpu3']);
    expect(ticks.get('cpu')).toEqual({ total: 99_000, idle: 80_000, iowait: 3000, steal: 500 });
  });

  it('may have few columns and no newline at its end', () => {
    const ticks = parseCpuTicks(fixture('stat/linux-2.4-columns'));
    expect(ticks.get('cpu0')).toEqual({ total: 10, idle: 4, iowait: 0, steal: 0 });
  });

  it.each(['', 'intr 1 2 3\n', 'cpu\n', 'cpu  a b c d\n'])('is refused when it is %j', text => {
    expect(() => parseCpuTicks(text)).toThrow('cpu line');
  });

  it('counts neither waiting for storage nor time going back as work', () => {
    const before = { total: 1000, idle: 500, iowait: 100, steal: 0 };
    expect(cpuShares(before, { total: 1100, idle: 540, iowait: 120, steal: 10 })).toEqual({
      busy: 40,
      iowait: 20,
      steal: 10,
    });
    expect(cpuShares(before, { total: 1100, idle: 540, iowait: 90, steal: 0 })?.iowait).toBe(0);
    expect(cpuShares(before, before)).toBeNull();
    expect(cpuShares(undefined, before)).toBeNull();
  });
});

describe('the collector', () => {
  it('knows shares from the second round on, a core that comes or goes included', () => {
    const roots = tree({
      'proc/stat': 'cpu  100 0 0 900\ncpu0 50 0 0 450\ncpu1 50 0 0 450\nintr 1\n',
      'proc/loadavg': '0.15 0.18 0.40 4/129 32188\n',
    });
    const collector = new CpuCollector();
    expect(ask(collector, roots, 0)).toEqual({
      cores: 2,
      cpu: {
        busy_percent: null,
        iowait_percent: null,
        steal_percent: null,
        cores_percent: [],
        load1: 0.15,
        load5: 0.18,
        load15: 0.4,
        frequency_mhz: null,
      },
    });
    roots.write({
      'proc/stat': 'cpu  250 0 0 950\ncpu0 150 0 0 450\ncpu2 0 0 0 100\nintr 1\n',
    });
    const part = ask(collector, roots, 10_000);
    expect(part.cores).toBe(2);
    expect(part.cpu).toMatchObject({ busy_percent: 75, cores_percent: [100] });
  });

  it.each(['', '1.00', 'a b c'])('refuses %j as a load', text => {
    expect(() => parseLoad(text)).toThrow('loadavg');
  });
});

describe('frequency', () => {
  it('is the mean of what cpufreq says, of every fourth core of 64', () => {
    const files = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [
        `sys/devices/system/cpu/cpu${i}/cpufreq/scaling_cur_freq`,
        '2400000\n',
      ]),
    );
    expect(readFrequency(tree({ ...files, 'sys/devices/system/cpu/cpufreq/boost': '1' }))).toBe(2400);
  });

  it('comes from cpuinfo in virtual machines, and is unknown elsewhere', () => {
    const cpuinfo = 'processor\t: 0\ncpu MHz\t\t: 2596.138\n\nprocessor\t: 1\ncpu MHz\t\t: 2600.138\n';
    expect(parseCpuinfoMhz(cpuinfo)).toEqual([2596.138, 2600.138]);
    expect(readFrequency(tree({ 'proc/cpuinfo': cpuinfo }))).toBeCloseTo(2598.138);
    expect(readFrequency(tree({ 'proc/cpuinfo': 'processor : 0\nBogoMIPS : 50.00\n' }))).toBeNull();
  });
});
