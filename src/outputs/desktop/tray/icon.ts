export type TrayColor = 'green' | 'yellow' | 'red' | 'grey';

const RGB: Record<TrayColor, readonly [number, number, number]> = {
  green: [0x5f, 0xb8, 0x6a],
  yellow: [0xf2, 0xc1, 0x4e],
  red: [0xe0, 0x5c, 0x5c],
  grey: [0x90, 0x98, 0xa0],
};

export const ICON_SIZE = 22;
const RADIUS = 8.5;

/** A disc with a soft edge, as StatusNotifierItem wants it: ARGB32, most significant byte first. */
export function discPixmap(color: TrayColor): [number, number, Buffer] {
  const [red, green, blue] = RGB[color];
  const pixels = Buffer.alloc(ICON_SIZE * ICON_SIZE * 4);
  const center = (ICON_SIZE - 1) / 2;
  for (let y = 0; y < ICON_SIZE; y++) {
    for (let x = 0; x < ICON_SIZE; x++) {
      const edge = RADIUS - Math.hypot(x - center, y - center) + 0.5;
      const alpha = Math.round(255 * Math.min(1, Math.max(0, edge)));
      pixels.set([alpha, red, green, blue], (y * ICON_SIZE + x) * 4);
    }
  }
  return [ICON_SIZE, ICON_SIZE, pixels];
}
