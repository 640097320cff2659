import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as {
    packages: Record<string, Locked>;
  };

/** The public archive of a package, as npm's registry lays them out. */
function archive(path: string, { name, version }: Locked): string {
  const full = name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return `https://registry.npmjs.org/${full}/-/${full.split('/').at(-1)}-${version}.tgz`;
}

/** Node's own search: beside the package, then in each folder above it. */
function isLocked(packages: Record<string, Locked>, from: string, wanted: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const below = folder === '' ? '' : `${folder}/`;
    if (packages[`${below}node_modules/${wanted}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

describe('package-lock.json', () => {
  const { packages } = read('package-lock.json');
  const installed = Object.entries(packages).filter(([path]) => path !== '');

  it('names the public registry and a checksum for each package', () => {
    expect(installed.length).toBeGreaterThan(100);
    for (const [path, locked] of installed) {
      expect(locked.resolved, path).toBe(archive(path, locked));
      expect(locked.integrity, path).toMatch(/^sha512-/);
    }
  });

  it('has the packages of other platforms too, or npm ci refuses it there', () => {
    for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
      for (const wanted of Object.keys({ ...dependencies, ...optionalDependencies }))
        expect(isLocked(packages, path, wanted), `${wanted} for ${path}`).toBe(true);
    }
  });
});

describe("the lab's package-lock.json", () => {
  it('names no other registry', () => {
    for (const [path, { resolved }] of Object.entries(read('test/lab/agents/package-lock.json').packages))
      expect(resolved ?? 'https://registry.npmjs.org/', path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
  });
});
