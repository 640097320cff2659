import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOST_FIGURES } from '../../src/sources/host/index.js';
import { type PackedProcess, pack, unpack } from '../../src/store/sample/pack.js';
import { MAX_TEXT_CHARS, sampleOf } from '../../src/store/sample/sample.js';
import { topProcesses } from '../../src/store/sample/top.js';
import { MB, machine, process, START_MS } from './machine.js';

const unpacked = (bytes: Uint8Array) => {
  const all: PackedProcess[] = [];
  unpack(bytes, (id, rss_kib, cpu_x10, swap_kib) => all.push({ id, rss_kib, cpu_x10, swap_kib }));
  return all;
};

describe('packed processes', () => {
  const number = fc.integer({ min: 0, max: 2 ** 45 });
  const processes = fc.uniqueArray(
    fc.record({ id: number, rss_kib: number, cpu_x10: fc.option(number), swap_kib: number }),
    { selector: ({ id }) => id, maxLength: 30 },
  );

  it('come back as they were, in the order of their ids', () => {
    fc.assert(
      fc.property(processes, list => {
        expect(unpacked(pack(list))).toEqual([...list].sort((a, b) => a.id - b.id));
      }),
    );
  });

  it('that are cut off are read as far as they go', () => {
    fc.assert(
      fc.property(processes, fc.nat(), (list, cut) => {
        const bytes = pack(list);
        const read = unpacked(bytes.subarray(0, cut % (bytes.length + 1)));
        expect(read).toEqual([...list].sort((a, b) => a.id - b.id).slice(0, read.length));
      }),
    );
  });

  it('take about eight bytes each', () => {
    const list = Array.from({ length: 20 }, (_, i) => ({
      id: 50_000 + 7 * i,
      rss_kib: 400_000 + i,
      cpu_x10: 250,
      swap_kib: 0,
    }));
    expect(pack(list).length).toBeLessThanOrEqual(20 * 8);
  });
});

describe('the top processes', () => {
  it('are the largest and the busiest, each once', () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      process(i, { rss_bytes: i * MB, cpu_percent: 500 - i }),
    );
    const pids = topProcesses(many, 6).map(({ pid }) => pid);
    expect(pids.sort((a, b) => a - b)).toEqual([0, 1, 2, 497, 498, 499]);
  });

  it('are all there are when they are few, and none that hold and do nothing', () => {
    const both = [process(1), process(2, { rss_bytes: 0, cpu_percent: null }), process(3, { rss_bytes: 1 })];
    expect(topProcesses(both, 20).map(({ pid }) => pid)).toEqual([1, 3]);
  });
});

describe('a sample', () => {
  it('has texts and lists of bounded size, whatever the machine does', () => {
    const huge = 'x'.repeat(4096);
    const snapshot = machine(START_MS, 0, { sessions: 200, processes: 2000 });
    const sample = sampleOf(
      {
        ...snapshot,
        processes: snapshot.processes.map(one => ({ ...one, comm: huge, cmdline: huge })),
        sessions: snapshot.sessions.map(one => ({ ...one, cwd: huge })),
      },
      HOST_FIGURES,
    );
    expect(sample.sessions).toHaveLength(64);
    expect(sample.processes).toHaveLength(20);
    expect(sample.processes[0]!.cmdline).toHaveLength(MAX_TEXT_CHARS);
    expect(sample.sessions[0]!.cwd).toHaveLength(MAX_TEXT_CHARS);
  });

  it('takes figures that are no numbers for unknown ones', () => {
    const snapshot = machine(START_MS, 0);
    const cpu = { ...snapshot.host.cpu!, load1: Number.NaN, busy_percent: Number.POSITIVE_INFINITY };
    const { host } = sampleOf({ ...snapshot, host: { ...snapshot.host, cpu } }, HOST_FIGURES);
    expect(host).toMatchObject({ cpu_busy_percent_x100: null, load1_x100: null });
    expect(host.load5_x100).not.toBeNull();
  });
});
