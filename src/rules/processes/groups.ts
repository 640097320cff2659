import { processKey } from '../../lib/process/identity.js';
import type { ProcessTrack } from '../engine/process-track.js';

/** Processes that belong together: one alert for them, not one for each. */
export interface Group {
  /** The same for as long as the group exists. */
  key: string;
  /** By the figure that matters, largest first. */
  tracks: ProcessTrack[];
}

/** By a key; null leaves a process out. */
export function groupBy(
  tracks: Iterable<ProcessTrack>,
  key: (track: ProcessTrack) => string | null,
  weight: (track: ProcessTrack) => number,
): Group[] {
  const groups = new Map<string, ProcessTrack[]>();
  for (const track of tracks) {
    const name = key(track);
    if (name === null) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [track]);
    else group.push(track);
  }
  return [...groups].map(([name, members]) => ({
    key: name,
    tracks: members.sort((a, b) => weight(b) - weight(a) || a.sample.pid - b.sample.pid),
  }));
}

/** The same program of the same user and agent session: 39 forgotten `yes` are one trouble. */
export function programKey({ sample, features }: ProcessTrack): string {
  const session = sample.session === null ? '-' : processKey(sample.session);
  return `${sample.uid}:${session}:${features.program}`;
}

export function trackKey({ sample }: ProcessTrack): string {
  return processKey(sample);
}

export function totalRss(tracks: readonly ProcessTrack[]): number {
  return tracks.reduce((sum, { sample }) => sum + sample.rss_bytes + (sample.swap_bytes ?? 0), 0);
}

export function totalCpu(tracks: readonly ProcessTrack[]): number {
  return tracks.reduce((sum, { sample }) => sum + (sample.cpu_percent ?? 0), 0);
}
