import type { Roots } from '../collector.js';
import { tryList, tryReadNumber, tryReadText } from '../read.js';

/** A graphics card as /sys/class/drm shows it. */
export interface Card {
  /** `card1` */
  id: string;
  /** `/sys/class/drm/card1` */
  path: string;
  device: string;
  /** Its sensors; null: it has none. */
  hwmon: string | null;
}

/** Cards of a vendor, by its PCI number: `device/vendor` is `0x1002`. Outputs (`card1-DP-1`) are no cards. */
export function findCards(roots: Roots, vendor: string): Card[] {
  const folder = `${roots.sys}/class/drm`;
  const cards: Card[] = [];
  for (const id of tryList(folder)) {
    const device = `${folder}/${id}/device`;
    if (!/^card\d+$/.test(id) || tryReadText(`${device}/vendor`)?.trim() !== vendor) continue;
    const hwmon = tryList(`${device}/hwmon`)[0];
    cards.push({
      id,
      path: `${folder}/${id}`,
      device,
      hwmon: hwmon === undefined ? null : `${device}/hwmon/${hwmon}`,
    });
  }
  return cards.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

/** A laptop's second GPU that sleeps: reading its files would wake it. */
export function isAsleep({ device }: Card): boolean {
  return tryReadText(`${device}/power/runtime_status`)?.trim() === 'suspended';
}

/** `AMD GPU 744c`, by the PCI number of the model. */
export function modelName({ device }: Card, vendor: string): string {
  const product = tryReadText(`${device}/product_name`)?.trim();
  if (product) return product;
  const number = tryReadText(`${device}/device`)?.trim().replace(/^0x/, '') ?? '';
  return `${vendor} GPU ${number}`.trim();
}

/** Degrees from thousandths of a degree. */
export function celsius(card: Card): number | null {
  const value = card.hwmon === null ? null : tryReadNumber(`${card.hwmon}/temp1_input`);
  return value === null ? null : value / 1000;
}

/** Watts from millionths of a watt: an average where there is one. */
export function watts({ hwmon }: Card): number | null {
  if (hwmon === null) return null;
  const value = tryReadNumber(`${hwmon}/power1_average`) ?? tryReadNumber(`${hwmon}/power1_input`);
  return value === null ? null : value / 1e6;
}
