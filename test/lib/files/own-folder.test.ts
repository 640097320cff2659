import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureOwnDir } from '../../../src/lib/files/own-folder.js';

const dir = mkdtempSync(join(tmpdir(), 'vigil-folder-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('ensureOwnDir', () => {
  it('makes it with the mode asked for, whatever the umask', () => {
    const path = join(dir, 'new');
    ensureOwnDir(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o755);
    ensureOwnDir(path, 0o755);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['writable by others', p => mkdirSync(p) ?? chmodSync(p, 0o777), /others may write into .* chmod go-w/],
    ['a link', p => symlinkSync(dir, p), /is not a folder \(links are not followed\)/],
    ['below a file', p => symlinkSync('/etc/passwd/x', p), /cannot make the folder|not a folder/],
  ])('refuses one that is %s', (name, make, message) => {
    const path = join(dir, name.replaceAll(' ', '-'));
    make(path);
    expect(() => ensureOwnDir(path)).toThrow(message);
  });

  it.skipIf(process.getuid!() !== 0)('refuses one that belongs to somebody else', () => {
    process.seteuid!(65534);
    try {
      expect(() => ensureOwnDir('/usr')).toThrow(/belongs to uid 0, not to uid 65534/);
    } finally {
      process.seteuid!(0);
    }
  });
});
