/**
 * The top processes of one moment in a few bytes each: four LEB128 numbers per process (difference of its
 * row id to the one before, RSS in KiB, CPU in tenths of a percent plus 1 with 0 for unknown, swap in KiB),
 * in the order of row ids.
 */
export interface PackedProcess {
  /** Row of the table `processes`. */
  id: number;
  rss_kib: number;
  cpu_x10: number | null;
  swap_kib: number;
}

export function pack(processes: readonly PackedProcess[]): Buffer {
  const bytes: number[] = [];
  let before = 0;
  for (const process of [...processes].sort((a, b) => a.id - b.id)) {
    push(bytes, process.id - before);
    push(bytes, process.rss_kib);
    push(bytes, process.cpu_x10 === null ? 0 : process.cpu_x10 + 1);
    push(bytes, process.swap_kib);
    before = process.id;
  }
  return Buffer.from(bytes);
}

/** Calls `each` for every process. What a damaged row still tells is told; the rest is left out. */
export function unpack(
  bytes: Uint8Array,
  each: (id: number, rss_kib: number, cpu_x10: number | null, swap_kib: number) => void,
): void {
  const numbers = [0, 0, 0, 0];
  let id = 0;
  let which = 0;
  let value = 0;
  let factor = 1;
  // One flat loop: a week is some ten thousand rows.
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte >= 0x80) continue;
    numbers[which++] = value;
    value = 0;
    factor = 1;
    if (which < 4) continue;
    which = 0;
    id += numbers[0]!;
    const cpu = numbers[2]!;
    each(id, numbers[1]!, cpu === 0 ? null : cpu - 1, numbers[3]!);
  }
}

function push(bytes: number[], value: number): void {
  let rest = value;
  // Not with shifts: they work on 32 bits.
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
