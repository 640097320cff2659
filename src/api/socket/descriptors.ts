import { readText } from '../../lib/files/bounded-read.js';
import { keptFilesLimit } from '../../sources/procfs/table-files.js';
import type { Limits } from './limits.js';

/**
 * How many clients there may be under this process's limit of open files: half of what the process table leaves, so that
 * root gets in and the rest of vigil can open what it needs.
 */
export function clientPlaces(
  { clients, reservedClients }: Limits,
  limit = openFilesLimit(),
): Pick<Limits, 'clients' | 'reservedClients'> {
  const places = Math.floor((limit - keptFilesLimit()) / 2);
  if (clients + reservedClients <= places) return { clients, reservedClients };
  const reserved = Math.max(8, Math.floor(places / 6));
  return { clients: Math.max(8, places - reserved), reservedClients: reserved };
}

/** `Max open files` of proc_pid_limits(5). */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return 1024;
  }
}
