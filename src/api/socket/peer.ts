import type { Socket } from 'node:net';
import { readText } from '../../lib/files/bounded-read.js';
import { libc } from '../../lib/os/libc.js';
import type { Viewer } from '../../model/viewer.js';

/** Who is at the other end of a Unix socket, as the kernel says. */
export interface Peer {
  pid: number;
  uid: number;
  gid: number;
  /** Supplementary groups; of very many only the one that was asked for. */
  groups: readonly number[];
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERGROUPS = 59;
/** Of /etc/group. */
const MAX_GROUP_BYTES = 16 * 1024 * 1024;

const GID_BYTES = 4;
/** Nobody has more by the ways of login; a user namespace allows NGROUPS_MAX of include/uapi/linux/limits.h. */
const USUAL_GROUPS = 64;
const MOST_GROUPS = 65_536;

/**
 * Null: could not be found out; treat it as a stranger.
 * @param wanted a group of which it must be known whether the peer is in it
 */
export function peerOf(socket: Socket, wanted: number | null = null): Peer | null {
  const fd = fdOf(socket);
  if (fd === null) return null;
  const cred = option(fd, SO_PEERCRED, 12);
  if (cred === null || cred.length !== 12) return null;
  const uid = cred.readUInt32LE(4);
  // The kernel's word for "nobody known".
  if (uid === 0xffffffff) return null;
  return { pid: cred.readInt32LE(0), uid, gid: cred.readUInt32LE(8), groups: groupsOf(fd, wanted) };
}

/** Node has the number but no API for it. */
function fdOf(socket: Socket): number | null {
  const fd = (socket as unknown as { _handle?: { fd?: unknown } })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}

function groupsOf(fd: number, wanted: number | null): number[] {
  const few = option(fd, SO_PEERGROUPS, GID_BYTES * USUAL_GROUPS);
  if (few !== null) return gidsIn(few);
  if (wanted === null) return [];
  const many = option(fd, SO_PEERGROUPS, GID_BYTES * MOST_GROUPS);
  return many !== null && gidsIn(many).includes(wanted) ? [wanted] : [];
}

function gidsIn(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / GID_BYTES }, (_, i) => bytes.readUInt32LE(GID_BYTES * i));
}

/** Null: it could not be had, or is longer than `size`. */
function option(fd: number, name: number, size: number): Buffer | null {
  const c = libc();
  if (c === null) return null;
  const value = Buffer.alloc(size);
  const length = new Uint32Array([size]);
  return c.getsockopt(fd, SOL_SOCKET, name, value, length) === 0 ? value.subarray(0, length[0]) : null;
}

export interface Trust {
  /** The daemon's own uid: its user sees what it sees. */
  ownUid: number;
  /** The group whose members see all agents of the machine. */
  adminGid: number | null;
}

export function viewerOf(peer: Peer | null, trust: Trust): Viewer {
  if (peer === null) return { kind: 'none' };
  if (isOwner(peer, trust)) return { kind: 'all' };
  const { adminGid } = trust;
  if (adminGid !== null && (peer.gid === adminGid || peer.groups.includes(adminGid))) return { kind: 'all' };
  return { kind: 'user', uid: peer.uid };
}

/** May decide what the daemon does with its own rights: they have them anyway. The group vigil has not. */
export function isOwner(peer: Peer | null, trust: Trust): boolean {
  return peer !== null && (peer.uid === 0 || peer.uid === trust.ownUid);
}

/** The number of a local group; null when there is none of that name. */
export function gidOf(group: string, file = '/etc/group'): number | null {
  let text: string;
  try {
    text = readText(file, MAX_GROUP_BYTES, 'utf8');
  } catch {
    return null;
  }
  for (const line of text.split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group && gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  }
  return null;
}
