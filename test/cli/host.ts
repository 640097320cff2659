import type { HostSample } from '../../src/model/snapshot.js';
import { emptyHost } from '../../src/sources/host/index.js';

export const GB = 1024 ** 3;

/** A busy machine with all that can be measured. */
export function fakeHost(): HostSample {
  return {
    ...emptyHost(0),
    cores: 8,
    memory: {
      total_bytes: 32 * GB,
      available_bytes: 8 * GB,
      used_bytes: 24 * GB,
      cached_bytes: GB,
      dirty_bytes: 0,
      swap_total_bytes: 4 * GB,
      swap_used_bytes: 2 * GB,
      swap_in_per_s: null,
      swap_out_per_s: null,
    },
    pressure: {
      memory: { some_avg10: 12, some_avg60: 0, full_avg10: 0, full_avg60: 0 },
      io: null,
      cpu: null,
    },
    cpu: {
      busy_percent: 42,
      iowait_percent: 0,
      steal_percent: 0,
      cores_percent: [],
      load1: 3.1,
      load5: 2,
      load15: 1,
      frequency_mhz: null,
    },
    temperatures: [{ kind: 'cpu', name: 'coretemp', celsius: 71.4 }],
    gpus: [
      {
        id: 'nvidia0',
        vendor: 'nvidia',
        name: 'GPU \u001b[31m',
        busy_percent: 30,
        vram_total_bytes: 8 * GB,
        vram_used_bytes: 2 * GB,
        celsius: 60,
        power_watts: 120,
        processes: [],
      },
    ],
    disks: [],
    filesystems: [
      {
        mount: '/',
        device: '/dev/sda1',
        type: 'ext4',
        total_bytes: 100 * GB,
        available_bytes: 8 * GB,
        inodes_total: 1,
        inodes_free: 1,
        read_only: false,
        hung: false,
      },
    ],
  };
}
