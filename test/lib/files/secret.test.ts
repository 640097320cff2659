import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecret } from '../../../src/lib/files/secret.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-secret-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const named = (env: string | undefined, path?: string) => ({ env, file: path });

describe('a secret that the configuration names', () => {
  it('comes from the environment first, then from systemd, then from its file', () => {
    file('KEY', 'of-systemd\n');
    const path = file('plain', 'of-file\n');
    const all = { KEY: 'of-env', CREDENTIALS_DIRECTORY: dir };
    expect(readSecret(named('KEY', path), all)).toEqual({ ok: true, value: 'of-env', source: '$KEY' });
    expect(readSecret(named('KEY', path), { ...all, KEY: ' ' })).toMatchObject({ value: 'of-systemd' });
    expect(readSecret(named('OTHER', path), all)).toEqual({ ok: true, value: 'of-file', source: path });
  });

  it('may be absent, which is told apart from broken', () => {
    expect(readSecret(named('KEY'), {})).toEqual({ ok: false, absent: true, message: '$KEY is not set' });
    expect(readSecret(named(undefined, join(dir, 'none')), {})).toMatchObject({ absent: true });
  });

  it.each([
    ['for everybody', 0o644, 'chmod 0600'],
    ['for everybody to write', 0o602, 'chmod 0600'],
    ['for the group to write', 0o620, 'chmod 0600'],
  ])('is refused %s', (_, mode, words) => {
    expect(readSecret(named(undefined, file('open', 'x', mode)), {})).toMatchObject({
      ok: false,
      absent: false,
      message: expect.stringContaining(words),
    });
  });

  it('may be read by the group, and lie behind a link', () => {
    const path = file('group', 'x', 0o640);
    symlinkSync(path, join(dir, 'link'));
    expect(readSecret(named(undefined, join(dir, 'link')), {})).toMatchObject({ ok: true, value: 'x' });
  });

  it('is one word: nothing can be smuggled into a header, and it is not repeated', () => {
    for (const text of ['a\r\nX-Evil: 1', 'two words', 'ümlaut', '\u0000x']) {
      const secret = readSecret(named('KEY'), { KEY: text });
      expect(secret).toMatchObject({ ok: false, absent: false });
      expect(JSON.stringify(secret)).not.toContain('X-Evil');
    }
  });

  it.each([
    ['empty', '', 'is empty'],
    ['too large', 'x'.repeat(9000), 'larger than'],
  ])('is refused when %s', (_, text, words) => {
    expect(readSecret(named(undefined, file('bad', text)), {})).toMatchObject({
      message: expect.stringContaining(words),
    });
  });

  it('is not waited for', () => {
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', ['-m', '600', fifo]);
    expect(readSecret(named(undefined, fifo), {})).toMatchObject({
      message: expect.stringContaining('regular file'),
    });
    expect(readSecret(named(undefined, dir), {})).toMatchObject({
      message: expect.stringContaining('regular file'),
    });
  });

  it.runIf(process.getuid?.() === 0)('must be root’s or one’s own', () => {
    const path = file('foreign', 'x');
    chownSync(path, 4242, 4242);
    expect(readSecret(named(undefined, path), {})).toMatchObject({
      message: expect.stringContaining('uid 4242'),
    });
  });
});
