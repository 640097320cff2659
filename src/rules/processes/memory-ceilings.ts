import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';

/** Who takes much memory for a while, by what it is, and who is kept from taking it all. */

const MB = 1024 * 1024;
/** Virtual machines take their guest's memory as the guest touches it, up to a limit. comm has 15 characters. */
const GUESTS = /^(qemu-|kvm$|VirtualBox|VBoxHeadless|vmware-vmx|firecracker|cloud-hyperviso|crosvm)/;
const MAX_DEPTH = 8;
/** What a heap's limit does not count: stacks, code, buffers. */
const BESIDE_HEAP = 1.2;
/** Without a limit of its own a Java machine takes a quarter of the memory that it sees for its heap. */
const JAVA_SHARE = 1 / 4;

export function isGuest({ sample }: ProcessTrack): boolean {
  return GUESTS.test(sample.comm);
}

/**
 * A part of a build, a test run or a browser, or started by one; a virtual machine. It takes much, and stops. What leads
 * a session of its own is a part of nothing: a server that a build script left behind.
 */
export function takesMuchForAWhile(history: History, track: ProcessTrack): boolean {
  if (track.features.build || track.features.browser || isGuest(track)) return true;
  let at = history.process(track.sample.ppid);
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
    if (at.features.build && at.sample.sid === track.sample.sid) return true;
    const parent = history.process(at.sample.ppid);
    at = parent === at ? undefined : parent;
  }
  return false;
}

/**
 * How much more it can take before a limit of its own stops it: of its heap (Java, Node.js) or of its address space.
 * Infinite: none is known, or it is past it.
 * @param total_bytes memory of the machine, or of the control group that it is in
 */
export function roomOf({ sample, held_bytes }: ProcessTrack, total_bytes: number): number {
  const address_space = sample.room_bytes ?? Number.POSITIVE_INFINITY;
  const heap = heapLimit(sample.comm, sample.cmdline, total_bytes);
  const left = heap === null ? Number.POSITIVE_INFINITY : heap * BESIDE_HEAP - held_bytes;
  return Math.min(address_space, left < 0 ? Number.POSITIVE_INFINITY : left);
}

/** The last option counts, as it does for them. Null: nothing limits its heap. */
function heapLimit(comm: string, cmdline: string, total_bytes: number): number | null {
  const option = (pattern: RegExp) => [...cmdline.matchAll(pattern)].at(-1);
  if (comm === 'java') {
    const [, size, unit = ''] = option(/ -Xmx(\d{1,15})([kKmMgGtT]?)(?= |$)/g) ?? [];
    if (size !== undefined) return Number(size) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ');
    const [, percent] = option(/ -XX:MaxRAMPercentage=(\d{1,3})/g) ?? [];
    return total_bytes * (percent === undefined ? JAVA_SHARE : Number(percent) / 100);
  }
  const [, megabytes] = option(/ --max[-_]old[-_]space[-_]size[= ](\d{1,9})(?= |$)/g) ?? [];
  return megabytes === undefined ? null : Number(megabytes) * MB;
}
