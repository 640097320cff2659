import { readText } from '../../lib/files/bounded-read.js';

/**
 * Addresses of kernel functions that somebody with more rights wrote down: in a service's sandbox /proc/kallsyms
 * is closed, which bpftrace would read for `kaddr("name")`.
 */
export type Addresses = ReadonlyMap<string, bigint>;

/** Lines of /proc/kallsyms, e.g. `ffffffff81d04740 t flush_to_ldisc`; zeros mean that they were hidden. */
export function parseAddresses(text: string): Addresses {
  const found = new Map<string, bigint>();
  for (const [, digits, name] of text.matchAll(/^([0-9a-f]{8,16}) \w (\w+)$/gm)) {
    const address = BigInt(`0x${digits}`);
    if (address !== 0n) found.set(name!, address);
  }
  return found;
}

/** Nothing when there is no such file: then bpftrace looks itself. */
export function readAddresses(file: string | undefined): Addresses {
  if (file === undefined) return new Map();
  try {
    return parseAddresses(readText(file));
  } catch {
    return new Map();
  }
}

/** `kaddr("name")` as a number, in halves: bpftrace's literals are signed. */
export function fillAddresses(text: string, addresses: Addresses): string {
  return text.replace(/kaddr\("(\w+)"\)/g, (asked, name: string) => {
    const address = addresses.get(name);
    if (address === undefined) return asked;
    const half = (value: bigint) => `(uint64)0x${value.toString(16)}`;
    return `((${half(address >> 32n)} << 32) | ${half(address & 0xffffffffn)})`;
  });
}
