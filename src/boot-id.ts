import { readFileSync } from 'node:fs';

/** Of this run of the kernel, a new one at each boot: proc(5), /proc/sys/kernel/random/boot_id. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
