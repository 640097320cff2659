import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Levels } from '../../../src/agents/transcripts/levels.js';
import type { ReaderContext } from '../../../src/agents/transcripts/reader.js';
import { type FileTree, OWN_TREE } from '../../../src/lib/files/file-tree.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-conversations-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('of a home full of conversations few are looked at, the newest among them', () => {
  const FOLDERS = 6;
  const FILES = 1_000;
  for (let i = 0; i < FOLDERS; i++) {
    mkdirSync(join(root, `project-${i}`));
    for (let j = 0; j < FILES; j++) writeFileSync(join(root, `project-${i}`, `${j}.jsonl`), '{}\n');
    utimesSync(join(root, `project-${i}`), 1_000 + i, 1_000 + i);
  }
  const newest = join(root, `project-${FOLDERS - 1}`, '7.jsonl');
  utimesSync(newest, 4_000_000_000, 4_000_000_000);
  const count = { looked: 0, read: 0 };
  const tree: FileTree = {
    ...OWN_TREE,
    at: (path, use) => {
      count.looked++;
      return OWN_TREE.at(path, use);
    },
    read: (path, limits) => {
      count.read++;
      return OWN_TREE.read(path, limits);
    },
  };
  const levels = new Levels({ folder: root, tree } as unknown as ReaderContext, {
    path: [/^project-/, /\.jsonl$/],
    readHead: () => 'never',
  });
  const found = levels.find().files;
  expect(found[0]!.path).toBe(newest);
  expect(found.length).toBeLessThanOrEqual(50);
  expect(count.read).toBe(0);
  expect(count.looked).toBeLessThan(5_500);
});
