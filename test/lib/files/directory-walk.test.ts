import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DirectoryWalk } from '../../../src/lib/files/directory-walk.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-walk-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = () => readdirSync('/proc/self/fd').length;

it('goes through a large folder in parts, again and again, and leaves nothing open', () => {
  for (let i = 0; i < 2_500; i++) writeFileSync(join(dir, `n${i}`), '');
  const before = open();
  const walk = new DirectoryWalk(dir);
  for (const _round of [1, 2]) {
    const seen = new Set<string>();
    const parts: number[] = [];
    for (let atEnd = false; !atEnd; ) {
      const part = walk.next(1_000);
      atEnd = part.atEnd;
      parts.push(part.names.length);
      for (const name of part.names) seen.add(name);
    }
    expect(parts).toEqual([1_000, 1_000, 500]);
    expect(seen.size).toBe(2_500);
  }
  walk.next(10);
  walk.close();
  expect(open()).toBe(before);
});

it('of what is no folder, or gone, there is nothing', () => {
  writeFileSync(join(dir, 'file'), '');
  for (const path of [join(dir, 'none'), join(dir, 'file')])
    expect(new DirectoryWalk(path).next(5)).toEqual({ names: [], atEnd: true });
  const gone = join(dir, 'gone');
  mkdirSync(gone);
  for (let i = 0; i < 10; i++) writeFileSync(join(gone, `${i}`), '');
  const walk = new DirectoryWalk(gone);
  walk.next(2);
  rmSync(gone, { recursive: true });
  for (let i = 0; i < 20 && !walk.next(2).atEnd; i++);
  expect(walk.next(2)).toEqual({ names: [], atEnd: true });
});
