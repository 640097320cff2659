import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeFileSafely, StoreError, writeFileSafely } from '../../../src/outputs/desktop/badges/store.js';

const CAN_MOUNT = process.geteuid!() === 0;
const LONG = 'x'.repeat(20_000);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-store-'));
  if (CAN_MOUNT) {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'vigil', dir]);
    expect(mounted.status).toBe(0);
  }
  mkdirSync(join(dir, 'badges'));
});
afterEach(() => {
  if (CAN_MOUNT) spawnSync('umount', [dir]);
  rmSync(dir, { recursive: true, force: true });
});

/** Leaves so many pages of the disk. */
function fill(pages: number): void {
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(join(dir, 'filler'), Buffer.alloc((bavail - pages) * bsize));
}

it.runIf(CAN_MOUNT).each([0, 1, 2, 4])(
  'a file that does not fit on the disk is not written in part: the old one stays (%d pages free)',
  pages => {
    writeFileSafely(join(dir, 'badges'), '1.json', 'old');
    fill(pages);
    expect(() => writeFileSafely(join(dir, 'badges'), '1.json', LONG)).toThrow(
      new StoreError('the disk is full'),
    );
    expect(readFileSync(join(dir, 'badges', '1.json'), 'utf8')).toBe('old');
    rmSync(join(dir, 'filler'));
    writeFileSafely(join(dir, 'badges'), '1.json', LONG);
    expect(readFileSync(join(dir, 'badges', '1.json'), 'utf8')).toBe(LONG);
    removeFileSafely(join(dir, 'badges'), '1.json');
  },
);
