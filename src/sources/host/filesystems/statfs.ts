import { statfsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { findProgram } from '../../../lib/files/find-program.js';
import type { startChild } from '../../../lib/process/child.js';

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
  // Loaded where it is needed: the configuration's schema knows the collectors, too.
  const { startChild } = await import('../../../lib/process/child.js');
  let child: ReturnType<typeof startStat>;
  try {
    child = startStat(startChild, stat, mount, limit_ms);
  } catch {
    return null; // no descriptor left: the next look may have one
  }
  // One that cannot be killed must not keep vigil from ending.
  child.unref();
  (child.stdout as Socket).unref();
  const result = await child;
  if (result.timedOut) return 'no answer';
  return result.exitCode === 0 ? parseStatOutput(result.stdout) : null;
}

function startStat(start: typeof startChild, stat: string, mount: string, limit_ms: number) {
  return start(stat, ['-f', '-c', FORMAT, '--', mount], {
    env: { LC_ALL: 'C' },
    extendEnv: false,
    cwd: '/',
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: limit_ms,
    killSignal: 'SIGKILL',
    maxBuffer: 1_000,
    cleanup: false,
  });
}
