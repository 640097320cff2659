import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { quoted, readPage, section } from './page.js';

/** docs/architecture.md leads a stranger through the tree: what it names is there. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readPage('architecture.md');
const WALKS = ['## From a kernel event to a popup', '## From a process sample to an action'];

/** The paths that a text names, also the second of `src/a/b.ts` and `c.ts` beside it, or one named in full before. */
function named(text: string, known = new Map<string, string>()): string[] {
  let folder = '';
  return quoted(text)
    .filter(one => /^[\w./-]+\.(ts|bt)$/.test(one))
    .map(one => {
      const path = one.includes('/') ? one : (known.get(one) ?? join(folder, one));
      folder = dirname(path);
      known.set(path.slice(path.lastIndexOf('/') + 1), path);
      return path;
    });
}

describe.each(WALKS)('%s', heading => {
  const stops = section(page, heading)
    .split('\n')
    .filter(line => /^\d+\. /.test(line));

  it('has fewer than 15 stops', () => {
    expect(stops.length).toBeGreaterThan(5);
    expect(stops.length).toBeLessThan(15);
  });

  it('names files that are there', () => {
    const files = named(stops.join('\n'));
    expect(files.length).toBeGreaterThanOrEqual(10);
    expect(files.filter(file => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

it('names all floors of src, and no other', () => {
  const table = section(page, '## The floors of `src/`')
    .split('\n')
    .filter(line => line.startsWith('| `'));
  const floors = table.flatMap(line => quoted(line.split('|')[1] ?? '')).map(name => name.replace(/\/$/, ''));
  expect(floors.sort()).toEqual(readdirSync(join(ROOT, 'src')).sort());
});

it('no folder of src has more than some 20 files', () => {
  const crowded = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name))
    .map(
      folder =>
        [
          folder.slice(ROOT.length),
          readdirSync(folder, { withFileTypes: true }).filter(e => e.isFile()).length,
        ] as const,
    )
    .filter(([, files]) => files > 20);
  expect(crowded).toEqual([]);
});
