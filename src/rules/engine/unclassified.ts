import type { ProcessTrack } from './process-track.js';

/** Characters of command lines that are looked at in one snapshot, some 50 ms; and of one user, root aside. */
const MAX_CHARS = 1_000_000;
const MAX_CHARS_OF_USER = MAX_CHARS / 4;
/** Any process costs as much as so many characters. */
const LEAST_CHARS = 64;

/**
 * Of the processes that are to be decided about, those that come now: all, unless somebody starts ten thousand of them,
 * or gives them new names each second. Then the largest come first, and nobody's crowd keeps others' from being seen.
 */
export function nextUnclassified(tracks: Iterable<ProcessTrack>): ProcessTrack[] {
  const unclassified: ProcessTrack[] = [];
  let chars = 0;
  for (const track of tracks) {
    if (!track.unclassified) continue;
    unclassified.push(track);
    chars += costOf(track);
  }
  if (chars <= MAX_CHARS_OF_USER) return unclassified;
  const largest = unclassified
    .map(track => ({ track, bytes: track.held_bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ track }) => track);
  const spent = new Map<number, number>();
  let total = 0;
  return largest.filter(track => {
    const { uid } = track.sample;
    const cost = costOf(track);
    const own = (spent.get(uid) ?? 0) + cost;
    if (total + cost > MAX_CHARS || (uid !== 0 && own > MAX_CHARS_OF_USER)) return false;
    total += cost;
    spent.set(uid, own);
    return true;
  });
}

function costOf({ sample }: ProcessTrack): number {
  return Math.max(LEAST_CHARS, sample.cmdline.length);
}
