import { describe, expect, it } from 'vitest';
import { MemoryCollector, parseMeminfo, parseSwapPages } from '../../../src/sources/host/memory.js';
import { ask, fixture, tree } from './tree.js';

describe('meminfo', () => {
  it('gives what free(1) gives', () => {
    expect(parseMeminfo(fixture('meminfo/laptop-6.12'))).toEqual({
      total_bytes: 33_376_989_184,
      shmem_bytes: 1_679_704_064,
      available_bytes: 12_159_201_280,
      used_bytes: 33_376_989_184 - 12_159_201_280,
      cached_bytes: (612_340 + 11_920_488 + 810_244) * 1024,
      dirty_bytes: (5316 + 420) * 1024,
      swap_total_bytes: 8_388_604 * 1024,
      swap_used_bytes: (8_388_604 - 3_145_728) * 1024,
    });
  });

  it('estimates what is available where the kernel does not say, without a last newline', () => {
    const memory = parseMeminfo(fixture('meminfo/no-available-no-newline'));
    expect(memory.available_bytes).toBe(2_000_000 * 1024);
    expect(memory).toMatchObject({ swap_total_bytes: 0, swap_used_bytes: 0 });
  });

  it('never has more available than there is', () => {
    const memory = parseMeminfo('MemTotal: 100 kB\nMemAvailable: 18446744073709551615 kB\n');
    expect(memory.used_bytes).toBe(0);
  });

  it('counts the cache of ZFS as what can be had, but for the least that it keeps', () => {
    const meminfo = 'MemTotal: 16777216 kB\nMemAvailable: 2097152 kB\nCached: 1024 kB\n';
    const arcstats =
      '13 1 0x01 147 39984 1 2\nname type data\nhits 4 99\nc_min 4 1073741824\nsize 4 11811160064\n';
    const files = { 'proc/meminfo': meminfo, 'proc/spl/kstat/zfs/arcstats': arcstats };
    const { memory } = ask(new MemoryCollector(), tree(files), 0);
    expect(memory).toMatchObject({
      available_bytes: (2 + 10) * 1024 ** 3,
      used_bytes: 4 * 1024 ** 3,
      cached_bytes: 11811160064 + 1024 * 1024,
      arc_bytes: 11811160064,
    });
  });

  it.each(['', 'garbage', 'MemTotal: 0 kB\n'])('refuses %j', text => {
    expect(() => parseMeminfo(text)).toThrow('MemTotal');
  });
});

describe('swap rates', () => {
  it('are between two rounds, unknown in the first and after a reset', () => {
    const roots = tree({
      'proc/meminfo': fixture('meminfo/laptop-6.12'),
      'proc/vmstat': 'nr_free_pages 1\npswpin 100\npswpout 1000\n',
    });
    const collector = new MemoryCollector();
    const first = ask(collector, roots, 0).memory;
    expect(first).toMatchObject({ swap_in_per_s: null, swap_out_per_s: null });
    roots.write({ 'proc/vmstat': 'nr_free_pages 1\npswpin 150\npswpout 21000\n' });
    expect(ask(collector, roots, 10_000).memory).toMatchObject({ swap_in_per_s: 5, swap_out_per_s: 2000 });
    roots.write({ 'proc/vmstat': 'nr_free_pages 1\npswpin 0\npswpout 21000\n' });
    expect(ask(collector, roots, 20_000).memory).toMatchObject({ swap_in_per_s: null, swap_out_per_s: 0 });
  });

  it('are unknown on a kernel without swap', () => {
    expect(parseSwapPages('nr_free_pages 1\n')).toEqual({ in: undefined, out: undefined });
    const roots = tree({ 'proc/meminfo': fixture('meminfo/laptop-6.12') });
    const collector = new MemoryCollector();
    ask(collector, roots, 0);
    expect(ask(collector, roots, 10_000).memory?.swap_in_per_s).toBeNull();
  });
});
