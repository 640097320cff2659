import type { FilesystemTrack, History } from './history.js';

/**
 * Filesystems of which space can run out: writable, of a size, each device once (bind mounts, subvolumes).
 * Null: they could not be listed.
 */
export function writableFilesystems(history: History): FilesystemTrack[] | null {
  if (history.snapshot.host.filesystems.length === 0) return null;
  const byDevice = new Map<string, FilesystemTrack>();
  for (const track of history.filesystems.values()) {
    const { sample } = track;
    if (sample.read_only || sample.total_bytes <= 0 || track.seen_ms !== history.snapshot.time_ms) continue;
    const key = sample.device.startsWith('/') ? sample.device : sample.mount;
    const other = byDevice.get(key);
    if (other === undefined || sample.mount.length < other.sample.mount.length) byDevice.set(key, track);
  }
  return [...byDevice.values()];
}
