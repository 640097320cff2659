import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { filesystemOf } from '../../../src/sources/host/filesystems/file-holders.js';
import { FilesystemCollector } from '../../../src/sources/host/filesystems/filesystems.js';
import { parseMountinfo } from '../../../src/sources/host/filesystems/mounts.js';
import { ask, tree } from './tree.js';

const MB = 1024 ** 2;
const folders: string[] = [];
const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function file(mb: number): { fd: number; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-held-'));
  folders.push(folder);
  const path = join(folder, 'log');
  const fd = openSync(path, 'w');
  open.push(fd);
  grow(fd, mb);
  return { fd, path };
}

function grow(fd: number, mb: number): void {
  for (let i = 0; i < mb; i++) writeSync(fd, Buffer.alloc(MB, 1));
}

/** Everything is full, but for what is asked of the processes: that is real. */
function collector(share = 0.01) {
  const sizes = (mount: string) => {
    const total_bytes = Math.max(1, Number(statfsSync(mount).blocks)) * 1_000;
    return { total_bytes, available_bytes: total_bytes * share, inodes_total: null, inodes_free: null };
  };
  return new FilesystemCollector(async () => 'no answer', sizes);
}

const roots = { proc: '/proc', sys: '/sys' };
function held(made: FilesystemCollector, now_ms: number) {
  let found = [] as NonNullable<ReturnType<typeof part>[number]['holders']>[number][];
  const part = () => ask(made, roots, now_ms).filesystems ?? [];
  for (let i = 0; i < 200; i++)
    found = part().flatMap(({ holders = [] }) => holders.filter(({ pid }) => pid === process.pid));
  return found;
}

it('deleted files that are still open are their holder’s; of what is written, by how much it grew', () => {
  const kept = file(3);
  const gone = file(5);
  unlinkSync(gone.path);
  const made = collector();
  const first = held(made, 0);
  expect(first).toHaveLength(1);
  expect(first[0]).toMatchObject({ uid: process.getuid!(), grown_bytes: 0 });
  expect(first[0]!.deleted_bytes / MB).toBeCloseTo(5, 0);
  expect(first[0]!.written_bytes / MB).toBeCloseTo(8, 0);
  grow(kept.fd, 4);
  const [second] = held(made, 61_000);
  expect(second!.grown_bytes / MB).toBeCloseTo(4, 0);
});

it('nobody is looked at while there is room', () => {
  file(3);
  expect(held(collector(0.5), 0)).toEqual([]);
});

it('what is written to an overlay lies where its upper folder is; a subvolume is of its filesystem', () => {
  const mounts = parseMountinfo(
    [
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '23 22 8:2 / /var/lib/docker rw - ext4 /dev/sda2 rw',
      '24 22 0:30 /@home /home rw - btrfs /dev/sdb1 rw,subvol=/@home',
      '25 22 0:30 /@data /srv rw - btrfs /dev/sdb1 rw,subvol=/@data',
      '26 22 8:2 /volumes/x /mnt/bind rw - ext4 /dev/sda2 rw',
      '27 22 0:50 / /m rw - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/a/diff,workdir=/w',
      '28 22 0:51 / /n rw - overlay overlay ro,lowerdir=/l',
    ].join('\n'),
  );
  expect(mounts.map(mount => filesystemOf(mount, mounts))).toEqual([
    '8:1',
    '8:2',
    '0:30',
    '0:30',
    '8:2',
    '8:2',
    '0:51',
  ]);
});

it('of a container, by its own mounts; what hangs is not asked', () => {
  const made = new FilesystemCollector(
    async () => 'no answer',
    () => ({ total_bytes: 100, available_bytes: 1, inodes_total: null, inodes_free: null }),
  );
  const log = file(4);
  const container = tree({
    'proc/1/mountinfo': '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:60 / /nas rw - nfs4 srv:/ rw',
    'proc/7/status': 'Name:\tapp\nUid:\t1000\t1000\t1000\t1000\n',
    'proc/7/ns/mnt': { to: 'mnt:[4026531999]' },
    'proc/7/mountinfo': '900 1 0:50 / / rw - overlay overlay rw,upperdir=/var/lib/docker/a/diff',
    'proc/7/fd/3': { to: log.path },
    'proc/7/fdinfo/3': 'pos:\t0\nflags:\t0100001\nmnt_id:\t900\n',
    'proc/7/fd/4': { to: '/nas/x (deleted)' },
    'proc/7/fdinfo/4': 'pos:\t0\nflags:\t0100001\nmnt_id:\t30\n',
    'proc/7/fd/5': { to: '/dev/null' },
    'proc/7/fdinfo/5': 'pos:\t0\nflags:\t0100001\nmnt_id:\t22\n',
  });
  const [root] = ask(made, container, 0).filesystems!;
  expect(root!.holders).toMatchObject([{ pid: 7, uid: 1000 }]);
  expect(root!.holders![0]!.written_bytes / MB).toBeCloseTo(4, 0);
});
