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
  let at = 0;
  let id = 0;
  const next = () => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  while (at < bytes.length) {
    id += next();
    const rss_kib = next();
    const cpu = next();
    const swap_kib = next();
    if (Number.isNaN(swap_kib)) return;
    each(id, rss_kib, cpu === 0 ? null : cpu - 1, swap_kib);
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
