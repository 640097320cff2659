import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safeRead } from '../../../src/lib/files/safe-read.js';

const uid = process.getuid!();
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-read-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const limits = { uid, max_bytes: 1000 };
const file = (name: string, content = 'hello') => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

describe('reading a file that a user wrote', () => {
  it('reads a plain one', () => {
    expect(safeRead(file('a'), limits)).toEqual({ ok: true, text: 'hello', size: 5 });
  });

  it('does not follow a symbolic link, not even to a good file', () => {
    file('a');
    symlinkSync(join(dir, 'a'), join(dir, 'b'));
    symlinkSync('/dev/zero', join(dir, 'zero'));
    expect(safeRead(join(dir, 'b'), limits)).toEqual({ ok: false, why: 'a symbolic link' });
    expect(safeRead(join(dir, 'zero'), limits)).toEqual({ ok: false, why: 'a symbolic link' });
  });

  it('does not wait at a FIFO, nor read a device or a directory', () => {
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    expect(safeRead(join(dir, 'fifo'), limits)).toEqual({ ok: false, why: 'not a regular file' });
    expect(safeRead('/dev/zero', limits)).toEqual({ ok: false, why: 'not a regular file' });
    expect(safeRead(dir, limits).ok).toBe(false);
  });

  it('refuses a huge one at once, and reads only the end of a huge transcript', () => {
    const huge = file('huge');
    truncateSync(huge, 100 * 1024 * 1024);
    expect(safeRead(huge, limits)).toEqual({ ok: false, why: '104857600 bytes, more than 1000' });
    const tail = safeRead(huge, { ...limits, part: 'tail' });
    expect(tail.ok && tail.text.length).toBe(1000);
  });

  it('refuses another user’s', () => {
    const path = file('a');
    // Only root can give files away; for anybody else the wanted uid is the other one.
    if (uid === 0) chownSync(path, 12345, 12345);
    const wanted = uid === 0 ? 0 : 12345;
    const result = safeRead(path, { ...limits, uid: wanted });
    expect(result.ok ? '' : result.why).toContain('owned by uid');
  });

  it('says what is not there', () => {
    expect(safeRead(join(dir, 'none'), limits)).toEqual({ ok: false, why: 'not there' });
  });
});
