import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gidOf, type Peer, peerOf, type Trust, viewerOf } from '../../../src/api/socket/peer.js';
import type { Viewer } from '../../../src/model/viewer.js';

const peer = (uid: number, gid = uid, groups: number[] = []): Peer => ({ pid: 1, uid, gid, groups });
const own: Trust = { ownUid: 500, adminGid: 77 };

describe('viewerOf', () => {
  it.each<[string, Peer | null, Trust, Viewer]>([
    ['root', peer(0), own, { kind: 'all' }],
    ['the daemon’s user', peer(500), own, { kind: 'all' }],
    ['a member by primary group', peer(7, 77), own, { kind: 'all' }],
    ['a member by another group', peer(7, 7, [5, 77]), own, { kind: 'all' }],
    ['anybody else', peer(7, 7, [5]), own, { kind: 'user', uid: 7 }],
    ['where there is no such group', peer(7, 77), { ownUid: 0, adminGid: null }, { kind: 'user', uid: 7 }],
    ['a stranger', null, own, { kind: 'none' }],
  ])('%s', (_, who, trust, viewer) => {
    expect(viewerOf(who, trust)).toEqual(viewer);
  });
});

it('a socket without a descriptor is a stranger’s', () => {
  expect(peerOf(new Socket())).toBeNull();
});

it('finds the number of a group', () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-group-'));
  const file = join(dir, 'group');
  writeFileSync(file, 'root:x:0:\nvigil2:x:9:\nvigil:x:77:ann,bob\nbroken\nvigil3:x::\n');
  expect(gidOf('vigil', file)).toBe(77);
  expect(gidOf('nobody-here', file)).toBeNull();
  expect(gidOf('vigil3', file)).toBeNull();
  expect(gidOf('vigil', join(dir, 'none'))).toBeNull();
  rmSync(dir, { recursive: true });
});
