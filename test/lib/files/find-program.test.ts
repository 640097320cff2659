import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findProgram } from '../../../src/lib/files/find-program.js';

const root = mkdtempSync('/var/tmp/vigil-programs-');
afterAll(() => rmSync(root, { recursive: true }));

function program(folder: string, mode: number): string {
  const path = join(root, folder, 'tool');
  mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
}

it('passes over what is missing, cannot be run, or could be somebody else’s', () => {
  const folders = ['missing', 'plain', 'shared', 'open', 'good', 'later'].map(name => join(root, name));
  program('plain', 0o644);
  program('shared', 0o775);
  program('open', 0o755);
  chmodSync(join(root, 'open'), 0o777);
  const good = program('good', 0o755);
  const later = program('later', 0o755);
  expect(findProgram('tool', { folders })).toBe(good);
  expect(findProgram('tool', { folders, isFit: path => path !== good })).toBe(later);
  expect(findProgram('tool', { folders: folders.slice(0, 4) })).toBeNull();
});

it('finds the system’s own, whatever PATH says', () => {
  expect(findProgram('stat')).toMatch(/\/bin\/stat$/);
});
