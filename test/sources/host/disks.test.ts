import { describe, expect, it } from 'vitest';
import { DiskCollector, diskRates, isWholeDisk, parseDiskstats } from '../../../src/sources/host/disks.js';
import { ask, fixture, tree } from './tree.js';

describe('diskstats', () => {
  it('counts in sectors of 512 bytes', () => {
    const disks = parseDiskstats(fixture('diskstats/laptop-6.12'));
    expect(disks.size).toBe(11);
    expect(disks.get('nvme0n1')).toEqual({
      reads: 776_772,
      read_bytes: 29_501_186 * 512,
      read_ms: 854_874,
      writes: 724_119,
      write_bytes: 64_111_208 * 512,
      write_ms: 339_479,
      busy_ms: 93_684,
    });
  });

  it('of a kernel before 4.18 has fewer columns, and of a partition before 2.6.25 too few', () => {
    const text =
      '   8       0 sda 1 2 3 4 5 6 7 8 0 9 10\n   8       1 sda1 1 2 3 4\n 8 2 sdb 1 2 3 4 5 6 7 8 0 9 10';
    expect([...parseDiskstats(text).keys()]).toEqual(['sda', 'sdb']);
    expect(parseDiskstats('')).toEqual(new Map());
  });
});

describe('rates', () => {
  const before = {
    reads: 10,
    read_bytes: 0,
    read_ms: 100,
    writes: 0,
    write_bytes: 0,
    write_ms: 0,
    busy_ms: 0,
  };

  it('are per second; latency is per request', () => {
    const now = {
      ...before,
      reads: 30,
      read_bytes: 81_920,
      read_ms: 200,
      writes: 20,
      write_ms: 300,
      busy_ms: 2_000,
    };
    expect(diskRates('sda', before, now, 4_000)).toEqual({
      name: 'sda',
      read_bytes_per_s: 20_480,
      write_bytes_per_s: 0,
      reads_per_s: 5,
      writes_per_s: 5,
      latency_ms: 10,
      busy_percent: 50,
    });
  });

  it('have no latency without requests, and are unknown at first and after the counters went back', () => {
    expect(diskRates('sda', before, before, 1_000)).toMatchObject({ reads_per_s: 0, latency_ms: null });
    const unknown = { reads_per_s: null, latency_ms: null, busy_percent: null };
    expect(diskRates('sda', undefined, before, 1_000)).toMatchObject(unknown);
    expect(diskRates('sda', before, { ...before, reads: 0, busy_ms: 5_000 }, 1_000)).toMatchObject({
      reads_per_s: null,
      latency_ms: null,
      busy_percent: 100,
    });
  });
});

describe('which disks', () => {
  const stacked = (...names: string[]) =>
    Object.fromEntries(names.map(name => [`sys/block/${name}/slaves/nvme0n1p2/size`, '1']));
  const whole = (...names: string[]) =>
    Object.fromEntries(names.map(name => [`sys/block/${name}/size`, '1']));

  it('whole ones, once: no partitions, nothing that stands on them', () => {
    const roots = tree({
      ...whole('nvme0n1', 'sda', 'loop0', 'zram0', 'sr0', 'cciss!c0d0'),
      ...stacked('dm-0', 'md0'),
      'proc/diskstats': fixture('diskstats/laptop-6.12'),
    });
    const names = ask(new DiskCollector(), roots, 0).disks?.map(({ name }) => name);
    expect(names).toEqual(['nvme0n1', 'sda']);
    expect(isWholeDisk(roots, 'cciss/c0d0')).toBe(true);
  });

  it('are told by their names where sysfs is not to be seen', () => {
    const roots = tree();
    const all = [
      'vda',
      'vda1',
      'nvme0n1',
      'nvme0n1p3',
      'mmcblk0',
      'mmcblk0p1',
      'dm-0',
      'md127',
      'loop3',
      'sda12',
    ];
    expect(all.filter(name => isWholeDisk(roots, name))).toEqual(['vda', 'nvme0n1', 'mmcblk0']);
  });

  it('give rates from the second round on', () => {
    const roots = tree({ 'proc/diskstats': ' 8 0 sda 0 0 0 0 0 0 0 0 0 0 0\n' });
    const collector = new DiskCollector();
    expect(ask(collector, roots, 1_000).disks?.[0]?.reads_per_s).toBeNull();
    roots.write({
      'proc/diskstats': ' 8 0 sda 100 0 2000 50 0 0 0 0 0 500 0\n 8 16 sdb 1 0 0 0 0 0 0 0 0 0 0\n',
    });
    expect(ask(collector, roots, 11_000).disks).toMatchObject([
      { name: 'sda', reads_per_s: 10, read_bytes_per_s: 102_400, latency_ms: 0.5, busy_percent: 5 },
      { name: 'sdb', reads_per_s: null },
    ]);
  });
});
