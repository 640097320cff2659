import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DirectoryWatch } from '../../../src/lib/files/directory-watch.js';
import {
  type FileTree,
  listIn,
  nearestIn,
  O_PATH,
  OWN_TREE,
  openRoot,
  RootedTree,
  statIn,
} from '../../../src/lib/files/file-tree.js';
import {
  descriptorPair,
  receiveDescriptors,
  sendDescriptor,
} from '../../../src/lib/os/descriptor-channel.js';
import { readStat } from '../../../src/sources/procfs/read.js';

/** The root folder of a container: whatever lies in it, nothing outside is reached through it. */

const uid = process.getuid!();
let outside: string;
let root: string;
let tree: RootedTree;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'vigil-tree-'));
  root = join(outside, 'root');
  mkdirSync(join(root, 'home'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'outside');
  tree = new RootedTree(openSync(root, O_PATH | constants.O_DIRECTORY));
});
afterEach(() => {
  tree.close();
  rmSync(outside, { recursive: true });
});

const read = (path: string) => tree.read(path, { uid, max_bytes: 100 });

it('is read by the paths that hold in it, through its own links', () => {
  writeFileSync(join(root, 'home/real'), 'inside');
  symlinkSync('/home', join(root, 'link'));
  expect(read('/home/real')).toMatchObject({ ok: true, text: 'inside' });
  expect(read('/link/real')).toMatchObject({ ok: true, text: 'inside' });
  expect(listIn(tree, '/link', 10)).toEqual(['real']);
});

it.each([
  ['/../secret', () => {}, 'not there'],
  ['/up/secret', () => symlinkSync('../../../..', join(root, 'up')), 'not there'],
  ['/abs/secret', () => symlinkSync(outside, join(root, 'abs')), 'not there'],
  ['/magic/secret', () => symlinkSync(`/proc/${process.pid}/cwd`, join(root, 'magic')), 'not there'],
  ['/home/link', () => symlinkSync('/home/real', join(root, 'home/link')), 'a symbolic link'],
  ['/home/fifo', () => execFileSync('mkfifo', [join(root, 'home/fifo')]), 'not a regular file'],
  ['/home', () => {}, 'not a regular file'],
  ['/home/\0', () => {}, 'not there'],
])('%s leads nowhere', (path, lay, why) => {
  lay();
  expect(read(path)).toEqual({ ok: false, why });
});

it.skipIf(uid !== 0)('no device of it is opened, and no link of /proc followed', () => {
  execFileSync('mknod', [join(root, 'home/zero'), 'c', '1', '5']);
  mkdirSync(join(root, 'proc'));
  execFileSync('mount', ['--bind', '/proc', join(root, 'proc')]);
  try {
    expect(read('/home/zero')).toEqual({ ok: false, why: 'not a regular file' });
    expect(read(`/proc/${process.pid}/cwd/package.json`)).toEqual({ ok: false, why: 'a symbolic link' });
    expect(read(`/proc/${process.pid}/root/${outside}/secret`)).toEqual({
      ok: false,
      why: 'a symbolic link',
    });
  } finally {
    execFileSync('umount', [join(root, 'proc')]);
  }
});

it('tells of changes in a folder', async () => {
  const changed: string[] = [];
  const watch = new DirectoryWatch(
    '/home',
    name => changed.push(name),
    () => {},
    tree,
  );
  watch.start();
  writeFileSync(join(root, 'home/new'), 'x');
  await vi.waitFor(() => expect(changed).toContain('new'));
  watch.close();
});

it('is nobody else’s once it is closed, though its number is used again', () => {
  writeFileSync(join(outside, 'etc'), '');
  tree.close();
  const other = openSync('/', O_PATH | constants.O_DIRECTORY);
  expect(statIn(tree, '/etc')).toBeNull();
  closeSync(other);
});

it('is passed to another process with its word', () => {
  const { ours, theirs } = descriptorPair()!;
  expect(receiveDescriptors(theirs).size).toBe(0);
  const own = openRoot('/proc', {
    pid: process.pid,
    start_ticks: readStat('/proc', process.pid)!.start_ticks,
  });
  expect(sendDescriptor(ours, 'one', own)).toBe(true);
  expect(sendDescriptor(ours, 'two', own)).toBe(true);
  const received = receiveDescriptors(theirs);
  expect([...received.keys()]).toEqual(['one', 'two']);
  for (const fd of [...received.values(), own, ours, theirs]) closeSync(fd);
});

it('of a process that has gone is not that of the next with its pid', () => {
  expect(() => openRoot('/proc', { pid: process.pid, start_ticks: 1 })).toThrow('ESRCH');
});

it('the nearest file above is looked for in a bounded number of folders', () => {
  const looked: string[] = [];
  const tree: FileTree = {
    ...OWN_TREE,
    at: path => {
      looked.push(path);
      throw new Error('not there');
    },
  };
  expect(nearestIn(tree, '/d'.repeat(2_000), 'x')).toBeNull();
  expect(looked.length).toBeLessThanOrEqual(64);
  expect(nearestIn(OWN_TREE, '/usr/bin', 'etc/passwd')).toBeNull();
  expect(nearestIn(OWN_TREE, '/usr/share', 'bin/env')).toBe('/usr/bin/env');
});
