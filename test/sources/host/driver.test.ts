import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../../src/model/snapshot.js';
import { type Collector, NotHere } from '../../../src/sources/host/collector.js';
import { CollectorDriver } from '../../../src/sources/host/driver.js';
import { emptyHost } from '../../../src/sources/host/index.js';

interface Named extends Collector {
  name: string;
  at_least_ms?: number;
}

function rig(collectors: Named[]) {
  const log: string[] = [];
  let clock_ms = 0;
  const say = (level: string) => (fields: object, message: string) => {
    log.push(`${level} ${(fields as { collector: string }).collector}: ${message}`);
  };
  const driver = new CollectorDriver({
    collectors: collectors.map(({ name, at_least_ms = 0, ...collector }) => ({
      id: name,
      fields: {},
      describe: name,
      empty: emptyHost(0),
      at_least_ms,
      create: () => collector,
    })),
    boot_ms: 1_000,
    logger: { info: say('info'), warn: say('warn') },
    roots: { proc: '/nowhere', sys: '/nowhere' },
    clock: () => clock_ms,
  });
  return { driver, log, spend: (ms: number) => (clock_ms += ms) };
}

const heat = (name: string) => ({ kind: 'other' as const, name, celsius: 40 });
const event = (message: string): MachineEvent => ({
  type: 'journal',
  time_ms: 0,
  priority: 4,
  unit: null,
  identifier: null,
  pid: null,
  message,
});

describe('the driver', () => {
  it('joins lists, keeps single values, hands out events once', () => {
    let asked = 0;
    const { driver } = rig([
      {
        name: 'a',
        collect: () => ({ temperatures: [heat('a')], events: asked++ === 0 ? [event('x')] : [] }),
      },
      { name: 'b', collect: () => ({ temperatures: [heat('b')], cores: 12 }) },
      { name: 'silent', collect: () => null },
    ]);
    const { host, events } = driver.round(0);
    expect(host).toMatchObject({ boot_ms: 1_000, cores: 12, memory: null, disks: [] });
    expect(host.temperatures.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(events).toHaveLength(1);
    expect(driver.round(10_000).events).toEqual([]);
  });

  it('lets one that throws stop nobody, and warns once until it works again', () => {
    let broken = true;
    const { driver, log } = rig([
      {
        name: 'bad',
        collect: () => {
          if (broken) throw new Error(`boom ${Math.random()}`);
          return { temperatures: [heat('bad')] };
        },
      },
      { name: 'good', collect: () => ({ temperatures: [heat('good')] }) },
    ]);
    for (const time of [0, 10_000, 20_000]) {
      expect(driver.round(time).host.temperatures.map(({ name }) => name)).toEqual(['good']);
    }
    expect(driver.health()[0]).toMatchObject({ state: 'failing', runs: 3, failures: 3 });
    expect(driver.health()[0]?.message).toContain('boom');
    broken = false;
    expect(driver.round(30_000).host.temperatures).toHaveLength(2);
    expect(driver.health()[0]).toMatchObject({ state: 'ok', message: null, failures: 3 });
    expect(log).toEqual(['warn bad: collector failed', 'info bad: collector works again']);
  });

  it('shows no old value of a collector that began to fail', () => {
    let broken = false;
    const { driver } = rig([
      {
        name: 'bad',
        collect: () => {
          if (broken) throw new Error('boom');
          return { cores: 3, temperatures: [heat('bad')] };
        },
      },
    ]);
    expect(driver.round(0).host.temperatures).toHaveLength(1);
    broken = true;
    expect(driver.round(10_000).host.temperatures).toEqual([]);
  });

  it('says once what the machine does not have, and asks again after ten minutes', () => {
    let asked = 0;
    const { driver, log } = rig([
      {
        name: 'gpu',
        collect: () => {
          asked++;
          throw new NotHere('no driver', 'install it');
        },
      },
    ]);
    for (let time = 0; time < 1_190_000; time += 10_000) driver.round(time);
    expect(asked).toBe(2);
    expect(log).toEqual(['info gpu: nothing to collect here']);
    expect(driver.health()[0]).toMatchObject({ state: 'absent', message: 'no driver', advice: 'install it' });
  });

  it('takes silence for no recovery', () => {
    let asked = 0;
    const { driver, log } = rig([
      {
        name: 'gpu',
        collect: () => {
          if (asked++ % 2 === 0) return null;
          throw new NotHere('no driver', 'install it');
        },
      },
    ]);
    for (let time = 0; time < 3_600_000; time += 10_000) driver.round(time);
    expect(asked).toBeGreaterThan(8);
    expect(log).toEqual(['info gpu: nothing to collect here']);
    expect(driver.health()[0]?.state).toBe('absent');
  });

  it('asks no more often than a collector wishes, and keeps its last part, but not its events', () => {
    let asked = 0;
    const { driver } = rig([
      {
        name: 'slow',
        at_least_ms: 30_000,
        collect: () => ({ temperatures: [heat(`${++asked}`)], events: [event('once')] }),
      },
    ]);
    const names: string[] = [];
    let events = 0;
    // A round that is 50 ms early is in time.
    for (const time of [0, 10_000, 20_000, 29_950, 40_000]) {
      const round = driver.round(time);
      names.push(round.host.temperatures[0]!.name);
      events += round.events.length;
    }
    expect(names).toEqual(['1', '1', '1', '2', '2']);
    expect(events).toBe(2);
  });

  it('times each run', () => {
    const times = [2, 5, 1];
    const made = rig([
      {
        name: 'timed',
        collect: () => {
          made.spend(times.shift()!);
          return null;
        },
        note: () => 'a word',
      },
    ]);
    expect(made.driver.health()[0]).toMatchObject({ state: 'new', duration_us: null });
    for (const time of [0, 1, 2]) made.driver.round(time);
    expect(made.driver.health()[0]).toMatchObject({ duration_us: 1000, longest_us: 5000, message: 'a word' });
  });

  it('asks nothing of a collector that is switched off, and begins anew when it is on again', async () => {
    let asked = 0;
    const ended: string[] = [];
    const { driver } = rig([
      {
        name: 'a',
        collect: () => ({ temperatures: [heat(`${++asked}`)] }),
        stop: async () => void ended.push('a'),
      },
      { name: 'b', collect: () => ({ temperatures: [heat('b')] }) },
    ]);
    const names = (now_ms: number) => driver.round(now_ms).host.temperatures.map(({ name }) => name);
    expect(names(0)).toEqual(['1', 'b']);
    driver.configure({ a: false });
    expect(names(10_000)).toEqual(['b']);
    expect(ended).toEqual(['a']);
    expect(driver.health().map(({ state }) => state)).toEqual(['off', 'ok']);
    driver.configure({ a: true, b: true });
    expect(names(20_000)).toEqual(['2', 'b']);
    expect(driver.health()[0]).toMatchObject({ state: 'ok', runs: 2 });
    await driver.stop();
    expect(ended).toEqual(['a', 'a']);
  });

  it('bounds the events of one round', () => {
    const flood = Array.from({ length: 5_000 }, (_, i) => event(String(i)));
    const { driver } = rig([{ name: 'flood', collect: () => ({ events: flood }) }]);
    expect(driver.round(0).events).toHaveLength(1_000);
  });

  it('stops all of them, whatever one of them does', async () => {
    const seen: string[] = [];
    const { driver } = rig([
      { name: 'bad', stop: () => Promise.reject(new Error('will not')), collect: () => null },
      { name: 'good', stop: async () => void seen.push('stop'), collect: () => null },
    ]);
    await driver.stop();
    expect(seen).toEqual(['stop']);
  });

  it('keeps a record of what others collect', () => {
    const { driver, log } = rig([{ name: 'memory', collect: () => null }]);
    const processes = driver.record('processes');
    expect(processes.run(() => [1, 2])).toEqual({ how: 'said', value: [1, 2] });
    const broken = () => {
      throw new Error('no /proc');
    };
    expect(processes.run(broken)).toEqual({ how: 'failed' });
    expect(driver.health().map(({ name, state }) => `${name} ${state}`)).toEqual([
      'memory new',
      'processes failing',
    ]);
    expect(log).toEqual(['warn processes: collector failed']);
  });
});
