/** Bytes of the types that stand in front of `read_buf`, on 64-bit kernels. */
const SIZES: Record<string, number> = {
  size_t: 8,
  'long unsigned int': 8,
  'unsigned int': 4,
  bool: 1,
  'unsigned char': 1,
};

/**
 * Where in the kernel's `struct n_tty_data` (drivers/tty/n_tty.c) the ring begins that holds what was delivered to a
 * terminal, in bytes: bpftrace can read members, but has no way to say where an array stands. `text` is the struct
 * as `bpftrace -lv` prints it. Null where something stands there whose size is not known here.
 */
export function ringOffset(text: string): number | null {
  let bits = 0;
  for (const line of text.split('\n')) {
    if (/^\s*(u8|char|unsigned char) read_buf\[/.test(line)) return Math.ceil(bits / 8);
    const member = /^\s*([a-z_ ]+?) \w+(?:\[(\d+)\]|: (\d+))?;$/.exec(line);
    if (member === null) {
      if (/^\s*struct n_tty_data \{$/.test(line)) continue;
      return null;
    }
    const [, type, count, width] = member;
    const size = SIZES[type!];
    if (size === undefined) return null;
    if (width !== undefined) {
      bits += Number(width);
      continue;
    }
    const aligned = Math.ceil(bits / 8 / size) * size;
    bits = (aligned + size * Number(count ?? 1)) * 8;
  }
  return null;
}
