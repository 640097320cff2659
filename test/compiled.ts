import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: this file may have been compiled into a folder of it. */
export const ROOT = checkout(fileURLToPath(new URL('.', import.meta.url)));

function checkout(from: string): string {
  return existsSync(join(from, 'tsconfig.build.json')) ? from : checkout(join(from, '..', '/'));
}

/** The folder of `dist` as compiled from the sources of now: once for all test files that want it. */
export function compiled(): string {
  const folder = join(ROOT, 'build', 'compiled');
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).sort();
  const key = createHash('sha256');
  for (const source of sources) {
    const { mtimeMs, size } = statSync(join(ROOT, 'src', source));
    key.update(`${source} ${mtimeMs} ${size}\n`);
  }
  const made = join(folder, key.digest('hex').slice(0, 16));
  if (existsSync(made)) return made;
  mkdirSync(folder, { recursive: true });
  const partial = mkdtempSync(join(folder, 'partial-'));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  // Types are the lint's business.
  execFileSync(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', partial]);
  try {
    renameSync(partial, made);
  } catch {
    // Another test file was quicker.
    rmSync(partial, { recursive: true });
  }
  return made;
}
