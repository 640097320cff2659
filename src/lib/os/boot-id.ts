import { readText } from '../files/bounded-read.js';

/** Of this run of the kernel, a new one at each boot: proc(5), /proc/sys/kernel/random/boot_id. */
export function readBootId(): string {
  try {
    return readText('/proc/sys/kernel/random/boot_id').trim();
  } catch {
    return 'unknown';
  }
}
