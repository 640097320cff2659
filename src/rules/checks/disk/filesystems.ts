import type { FilesystemTrack, History } from '../../engine/history.js';

/** Those that are mounted now, not only a while ago. Null: they could not be listed. */
export function mountedFilesystems(history: History): FilesystemTrack[] | null {
  const { time_ms, host } = history.snapshot;
  if (host.filesystems.length === 0) return null;
  return [...history.filesystems.values()].filter(({ seen_ms }) => seen_ms === time_ms);
}

/**
 * Filesystems of which space can run out: writable, of a size, each device once (bind mounts, subvolumes).
 * Null: they could not be listed.
 */
export function writableFilesystems(history: History): FilesystemTrack[] | null {
  const mounted = mountedFilesystems(history);
  if (mounted === null) return null;
  const byDevice = new Map<string, FilesystemTrack>();
  for (const track of mounted) {
    const { sample } = track;
    if (sample.read_only || sample.total_bytes <= 0) continue;
    const key = sample.device.startsWith('/') ? sample.device : sample.mount;
    const other = byDevice.get(key);
    if (other === undefined || sample.mount.length < other.sample.mount.length) byDevice.set(key, track);
  }
  return [...byDevice.values()];
}
