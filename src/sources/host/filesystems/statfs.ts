import { statfsSync } from 'node:fs';
import { findProgram } from '../../../lib/files/find-program.js';
import { askChild } from '../../../lib/process/child.js';

export interface Sizes {
  total_bytes: number;
  available_bytes: number;
  inodes_total: number | null;
  inodes_free: number | null;
}

/** Of a filesystem that answers at once. Null where it may not be asked. */
export function statfsNow(mount: string): Sizes | null {
  try {
    const { bsize, blocks, bavail, files, ffree } = statfsSync(mount);
    return sizes(bsize, blocks, bavail, files, ffree);
  } catch {
    return null;
  }
}

/** btrfs and FAT say that they have no inodes at all: they have no fixed number. */
function sizes(block: number, blocks: number, available: number, files: number, free: number): Sizes {
  return {
    total_bytes: block * blocks,
    available_bytes: block * available,
    inodes_total: files > 0 ? files : null,
    inodes_free: files > 0 ? free : null,
  };
}

/** What stat(1) prints for FORMAT: `4096 15728640 1234567 3932160 3000000`. Null for anything else. */
export function parseStatOutput(text: string): Sizes | null {
  const values = text.trim().split(' ').map(Number);
  if (values.length !== 5 || !values.every(Number.isFinite)) return null;
  const [block, blocks, available, files, free] = values as [number, number, number, number, number];
  return sizes(block, blocks, available, files, free);
}

const FORMAT = '%S %b %a %c %d';
const LIMIT_MS = 5_000;

/**
 * Of a filesystem that may never answer: a process of its own asks, so that neither the event loop nor the
 * threads that Node reads files with can hang. It is killed after some seconds; one that cannot even be killed
 * leaves the promise open.
 */
export type AskStatfs = (mount: string) => Promise<Sizes | 'no answer' | null>;

export async function statfsByChild(mount: string, limit_ms = LIMIT_MS): ReturnType<AskStatfs> {
  const stat = findProgram('stat');
  if (stat === null) return null;
  const { timed_out, exit_code, stdout } = await askChild(stat, ['-f', '-c', FORMAT, '--', mount], {
    env: { LC_ALL: 'C' },
    limit_ms,
    max_chars: 1_000,
    may_stay: true,
  });
  if (timed_out) return 'no answer';
  return exit_code === 0 ? parseStatOutput(stdout) : null;
}
