import { describe, expect, it } from 'vitest';
import { NotHere } from '../../../src/sources/host/collector.js';
import { PressureCollector, parsePressure } from '../../../src/sources/host/pressure.js';
import { ask, fixture, tree } from './tree.js';

describe('pressure', () => {
  it('reads all three files', () => {
    const roots = tree({
      'proc/pressure/memory': fixture('pressure/memory'),
      'proc/pressure/io': '',
      'proc/pressure/cpu': fixture('pressure/cpu-5.10'),
    });
    expect(ask(new PressureCollector(), roots, 0).pressure).toEqual({
      memory: { some_avg10: 23.61, some_avg60: 11.51, full_avg10: 8.25, full_avg60: 4 },
      io: null,
      cpu: { some_avg10: 2.61, some_avg60: 1.51, full_avg10: 0, full_avg60: 0 },
    });
  });

  it('is absent, with what to change, on a kernel without it', () => {
    const collect = () => ask(new PressureCollector(), tree(), 0);
    expect(collect).toThrow(NotHere);
    expect(collect).toThrow(expect.objectContaining({ advice: expect.stringContaining('psi=1') }));
  });

  it.each(['', 'full avg10=1.00 avg60=1.00', 'some avg10=x avg60=y'])('makes nothing of %j', text => {
    expect(parsePressure(text)).toBeNull();
  });
});
