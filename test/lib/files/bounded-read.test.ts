import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cuts,
  failureOf,
  listNames,
  readBytes,
  readBytesAside,
  readText,
  readWhole,
  TooLargeError,
  tryReadText,
} from '../../../src/lib/files/bounded-read.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-bounded-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('what has no end', () => {
  it('is read as far as was asked for', async () => {
    for (const max of [1, 1000, 64 * 1024, 64 * 1024 + 1, 300_000]) {
      const { bytes, cut } = readBytes('/dev/zero', max);
      expect([bytes.length, cut]).toEqual([max, true]);
      const aside = await readBytesAside('/dev/zero', max);
      expect([aside.bytes.length, aside.cut]).toEqual([max, true]);
    }
    expect(() => readWhole('/dev/zero', 1_000_000)).toThrow(TooLargeError);
  });

  it('is no recording', () => {
    const { status, stderr } = spawnSync(resolve('bin/vigil'), ['replay', '/dev/zero'], { encoding: 'utf8' });
    expect(stderr).toBe('vigil: /dev/zero: more than 268435456 bytes, more than a recording has\n');
    expect(status).toBe(2);
  });

  it('is a pipe into which nobody writes', () => {
    const pipe = join(dir, 'pipe');
    spawnSync('mkfifo', [pipe]);
    expect(readBytes(pipe).bytes.length).toBe(0);
  });

  it('is a folder', () => {
    const folder = join(dir, 'folder');
    mkdirSync(folder);
    for (let i = 0; i < 300; i++) symlinkSync('x', join(folder, String(i)));
    const { lists } = cuts;
    expect(listNames(folder, 299)).toHaveLength(299);
    expect(cuts.lists).toBe(lists + 1);
    expect(listNames(folder, 300)).toHaveLength(300);
    expect(cuts.lists).toBe(lists + 1);
  });
});

describe('what has an end', () => {
  it.each([0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000])(
    'is read whole: %i bytes',
    async length => {
      const text = 'abcdefg'.repeat(length / 7 + 1).slice(0, length);
      const path = file('whole', text);
      for (const max of [length, length + 1, 1_000_000]) {
        const { bytes, cut } = readBytes(path, max);
        expect([bytes.toString(), cut]).toEqual([text, false]);
        const aside = await readBytesAside(path, max);
        expect([aside.bytes.toString(), aside.cut]).toEqual([text, false]);
      }
      expect(readWhole(path, length).toString()).toBe(text);
    },
  );

  it('loses the line that is not all there', () => {
    expect(readText(file('lines', '0::/user.slice\n1:cpu:/system.slice/ssh.service\n'), 25)).toBe(
      '0::/user.slice\n',
    );
  });
});

it('tells its own failures from what they say nothing of', () => {
  expect(failureOf({ code: 'ENOENT' })).toBe('gone');
  expect(failureOf({ code: 'ESRCH' })).toBe('gone');
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM']) expect(failureOf({ code })).toBe('ours');
  expect(failureOf({ code: 'EACCES' })).toBe('unreadable');
  expect(tryReadText(join(dir, 'none'))).toBeNull();
});

describe('lint', () => {
  const PLANTED = [
    "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('/proc/1/cmdline');\n",
    "import fs from 'node:fs';\nexport const text = fs.readFileSync('/proc/1/cmdline');\n",
    "import * as fs from 'node:fs';\nexport const names = fs.readdirSync('/proc/1/fd');\n",
    "import { createReadStream } from 'fs';\nexport const text = createReadStream('/proc/1/cmdline');\n",
    "import { readFile } from 'node:fs/promises';\nexport const text = readFile('/proc/1/cmdline');\n",
    "export const { readFileSync } = await import('node:fs');\n",
  ];
  const HARMLESS = "import { statSync } from 'node:fs';\nexport const mode = statSync('/').mode;\n";

  it('refuses readers without a bound, in every way of naming them, outside the one module', () => {
    const root = join(dir, 'lint');
    for (const folder of ['src/sources/procfs', 'src/lib/files'])
      mkdirSync(join(root, folder), { recursive: true });
    copyFileSync('biome.json', join(root, 'biome.json'));
    for (const [i, text] of PLANTED.entries())
      writeFileSync(join(root, `src/sources/procfs/planted${i}.ts`), text);
    writeFileSync(join(root, 'src/sources/procfs/harmless.ts'), HARMLESS);
    writeFileSync(join(root, 'src/lib/files/bounded-read.ts'), PLANTED[0]!);
    const biome = resolve('node_modules/.bin/biome');
    const args = ['lint', '--vcs-enabled=false', '--reporter=github', '.'];
    const { status, stdout } = spawnSync(biome, args, { cwd: root, encoding: 'utf8' });
    expect(status).toBe(1);
    const refused = stdout.split('\n').filter(line => line.includes('noRestrictedImports'));
    const files = new Set(refused.map(line => /file=([^,]+)/.exec(line)?.[1]?.replace(/^.*src/, 'src')));
    expect([...files].sort()).toEqual(PLANTED.map((_, i) => `src/sources/procfs/planted${i}.ts`));
  });
});
