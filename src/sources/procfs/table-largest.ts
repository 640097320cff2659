/** The `count` items with the greatest values above 0, greatest first, in one pass. */
export function largest<T>(items: readonly T[], count: number, value: (item: T) => number): T[] {
  const best: { item: T; value: number }[] = [];
  let least = 0;
  for (const item of items) {
    const own = value(item);
    if (own <= least) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.value < own) at--;
    best.splice(at, 0, { item, value: own });
    if (best.length > count) best.pop();
    if (best.length === count) least = best[count - 1]!.value;
  }
  return best.map(({ item }) => item);
}
