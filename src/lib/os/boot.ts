import { uptime } from 'node:os';
import { readBytes } from '../files/bounded-read.js';
import { clock } from '../time/time.js';

/** sysconf(_SC_CLK_TCK): 100 on every Linux port that Node runs on. */
export const TICKS_PER_SECOND = 100;
/** sysconf(_SC_PAGESIZE): arm64 kernels may use 16 or 64 KiB pages, so it is read from our own auxv. */
export const PAGE_SIZE_BYTES = pageSize();

const AT_PAGESZ = 6n;

function pageSize(): number {
  try {
    const auxv = readBytes('/proc/self/auxv').bytes;
    for (let i = 0; i + 16 <= auxv.length; i += 16) {
      if (auxv.readBigUInt64LE(i) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(i + 8));
    }
  } catch {
    // no /proc: nothing that needs this number works either
  }
  return 4096;
}

/** `start_ticks` in vigil's time. Both go on while the machine sleeps. */
export function ticksToEpochMs(ticks: number): number {
  return clock.boot_ms + (ticks * 1000) / TICKS_PER_SECOND;
}

export function nowTicks(): number {
  return uptime() * TICKS_PER_SECOND;
}
