import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

/** Each a file with the module that it imports. */
const ARROWS: [from: string, to: string, type: 'import' | 'import type' | 'lazy'][] = [
  ['src/lib/text/a.ts', 'src/model/b.ts', 'import type'],
  ['src/model/a.ts', 'src/rules/b.ts', 'import type'],
  ['src/bus.ts', 'src/outputs/b.ts', 'import'],
  ['src/agents/a.ts', 'src/sources/b.ts', 'import'],
  ['src/store/a.ts', 'src/api/b.ts', 'import type'],
  ['src/outputs/a.ts', 'src/config/b.ts', 'import'],
  ['src/api/a.ts', 'src/daemon/b.ts', 'import'],
  ['src/cli/a.ts', 'src/store/b.ts', 'import type'],
  ['src/rules/a.ts', 'src/daemon/b.ts', 'lazy'],
];
const ALLOWED: typeof ARROWS = [
  ['src/daemon/a.ts', 'src/lib/b.ts', 'import'],
  ['src/cli/a.ts', 'src/api/client/b.ts', 'import'],
  ['src/cli/a.ts', 'src/standalone/b.ts', 'lazy'],
];

describe('make lint', () => {
  let dir: string;
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Its words about a tree with nothing but this arrow. */
  function check([from, to, type]: (typeof ARROWS)[number]) {
    dir = mkdtempSync(join(tmpdir(), 'vigil-direction-'));
    for (const file of [from, to]) mkdirSync(join(dir, dirname(file)), { recursive: true });
    copyFileSync('.dependency-cruiser.mjs', join(dir, '.dependency-cruiser.mjs'));
    copyFileSync('package.json', join(dir, 'package.json'));
    symlinkSync(resolve('node_modules'), join(dir, 'node_modules'));
    const path = `${'../'.repeat(from.split('/').length - 1)}${to.replace(/ts$/, 'js')}`;
    const line =
      type === 'lazy'
        ? `export const b = () => import('${path}');\n`
        : `${type} { b } from '${path}';\nexport ${type === 'import' ? 'const a = b' : 'type A = typeof b'};\n`;
    writeFileSync(join(dir, from), line);
    writeFileSync(join(dir, to), 'export const b = 1;\n');
    const args = ['--config', '.dependency-cruiser.mjs', 'src'];
    const { status, stdout } = spawnSync('node_modules/.bin/depcruise', args, { cwd: dir, encoding: 'utf8' });
    return { status, stdout };
  }

  it.each(ARROWS)('refuses that %s knows %s (%s)', (...arrow) => {
    const { status, stdout } = check(arrow);
    expect(stdout).toContain(`${arrow[0]} → ${arrow[1]}`);
    expect(status).not.toBe(0);
  });

  it.each(ALLOWED)('lets %s know %s (%s)', (...arrow) => {
    expect(check(arrow)).toMatchObject({ status: 0 });
  });
});
