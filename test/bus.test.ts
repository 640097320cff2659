import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import { Bus } from '../src/bus.js';
import { FaultLog } from '../src/lib/log/faults.js';
import type { KernelEvent } from '../src/model/kernel-event.js';

const FORK: KernelEvent = { type: 'fork', time_ms: 1, pid: 2, ppid: 1 };

let faults: FaultLog;
let bus: Bus;
let heard: string[];

beforeEach(() => {
  faults = new FaultLog({ error: () => {} });
  bus = new Bus(faults);
  heard = [];
});

const listen = (owner: string, then = () => {}) =>
  bus.on(owner, 'config.changed', keys => {
    heard.push(`${owner}: ${keys}`);
    then();
  });

describe('the bus', () => {
  it('tells those who listen, in the order in which they came, and nobody else', () => {
    listen('first');
    listen('second');
    bus.on('another', 'kernel.event', () => heard.push('another'));
    bus.emit('config.changed', ['log_level']);
    expect(heard).toEqual(['first: log_level', 'second: log_level']);
  });

  it('a listener that throws is named, and harms neither the others nor who emits', () => {
    listen('broken', () => {
      throw new Error('broken on purpose');
    });
    listen('other');
    expect(() => bus.emit('config.changed', ['a'])).not.toThrow();
    expect(heard).toEqual(['broken: a', 'other: a']);
    bus.emit('config.changed', ['b']);
    expect(heard).toEqual(['broken: a', 'other: a', 'broken: b', 'other: b']);
    expect(faults.problems()).toEqual([
      expect.stringMatching(/^a fault of vigil in broken, 2 times.*broken on purpose/),
    ]);
  });

  it('so is one whose promise is rejected', async () => {
    bus.on('slow', 'config.changed', () => Promise.reject(new Error('later')));
    bus.emit('config.changed', []);
    await new Promise(done => setImmediate(done));
    expect(faults.problems()).toEqual([expect.stringMatching(/^a fault of vigil in slow, once.*later/)]);
  });

  it('who has ended his subscription hears nothing, even of an event that is on its way', () => {
    listen('first', () => endThird());
    const endSecond = listen('second');
    const endThird = listen('third');
    endSecond();
    bus.emit('config.changed', ['a']);
    endSecond();
    bus.emit('config.changed', ['b']);
    expect(heard).toEqual(['first: a', 'first: b']);
  });

  it('who comes while an event is on its way hears the next one', () => {
    let late = false;
    listen('first', () => {
      if (!late) listen('late');
      late = true;
    });
    bus.emit('config.changed', ['a']);
    bus.emit('config.changed', ['b']);
    expect(heard).toEqual(['first: a', 'first: b', 'late: b']);
  });

  it('what is emitted while an event is on its way is told at once', () => {
    bus.on('echo', 'kernel.event', () => bus.emit('config.changed', ['nested']));
    bus.on('echo', 'kernel.event', () => heard.push('after'));
    listen('listener');
    bus.emit('kernel.event', FORK);
    expect(heard).toEqual(['listener: nested', 'after']);
  });

  it('allocates nothing for an event: a storm of processes is no work for the collector', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    let count = 0;
    for (const owner of ['a', 'b', 'c'])
      bus.on(owner, 'kernel.event', event => {
        if ('pid' in event && event.pid === 2) count++;
      });
    const emit = () => {
      for (let i = 0; i < 200_000; i++) bus.emit('kernel.event', FORK);
    };
    emit();
    gc();
    const before = process.memoryUsage().heapUsed;
    emit();
    const grown = process.memoryUsage().heapUsed - before;
    expect(count).toBe(1_200_000);
    // An object of 16 bytes for each delivery would be 9.6 MB.
    expect(grown).toBeLessThan(1_000_000);
  });
});
