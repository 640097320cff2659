import { isWithin, type Mount } from './mounts.js';

/** A filesystem whose size is worth asking for, and where to ask. */
export interface Target {
  /** `major:minor` */
  device_number: string;
  mount: string;
  device: string;
  type: string;
  read_only: boolean;
  /** Asking it may block for ever: on a server, on a program, or on either on the way to it. */
  may_hang: boolean;
}

/** Filesystems of the kernel itself that answer statfs from memory. */
const LOCAL = new Set(
  'ext2 ext3 ext4 xfs btrfs bcachefs f2fs nilfs2 jfs reiserfs vfat msdos exfat ntfs ntfs3 hfs hfsplus zfs tmpfs overlay'.split(
    ' ',
  ),
);
/** They hold no files, or are full by design, or only show what others hold. */
const LEFT_OUT = new Set(
  (
    'autofs bdev binder binfmt_misc bpf cgroup cgroup2 configfs cramfs debugfs devfs devpts devtmpfs dmabuf efivarfs erofs ' +
    'fusectl hugetlbfs iso9660 mqueue nfsd nsfs proc pstore ramfs resctrl romfs rootfs rpc_pipefs securityfs selinuxfs ' +
    'smackfs squashfs sysfs tracefs udf ' +
    'fuse.gvfsd-fuse fuse.lxcfs fuse.portal fuse.snapfuse fuse.squashfuse fuse.xdg-document-portal'
  ).split(' '),
);
/** Memory that programs give themselves for a purpose; nobody can fill it by accident. */
const PRIVATE_TMPFS = /^\/(sys|run\/credentials|var\/lib\/(docker|containers|containerd|kubelet|lxc))\//;
const MAX_TARGETS = 128;

/**
 * Which filesystems to ask, each once however often it is mounted: the mount that shows it whole, else the one
 * with the shortest path. Mounts that lie hidden under another one are not there; automount points are never
 * touched, and neither is what is mounted on one that would go away when nobody asks.
 */
export function chooseTargets(mounts: readonly Mount[]): Target[] {
  const visible = new Map<string, Mount>();
  const automounts: string[] = [];
  for (const mount of mounts) {
    if (mount.type === 'autofs' && !mount.super_options.has('timeout=0')) automounts.push(mount.mount);
    visible.set(mount.mount, mount);
  }
  const waiting = [...visible.values()].filter(({ type }) => !LOCAL.has(type) && !LEFT_OUT.has(type));
  // Where the root itself is on a server nothing runs without it, not even the program that would ask.
  const chosen = new Map<string, Mount>();
  for (const mount of visible.values()) {
    if (!isWorthAsking(mount) || automounts.some(point => isWithin(mount.mount, point))) continue;
    const other = chosen.get(mount.device_number);
    if (other === undefined || isBetter(mount, other)) chosen.set(mount.device_number, mount);
  }
  return [...chosen.values()].slice(0, MAX_TARGETS).map(mount => ({
    device_number: mount.device_number,
    mount: mount.mount,
    device: mount.source,
    type: mount.type,
    read_only: mount.options.has('ro') || mount.super_options.has('ro'),
    may_hang: waiting.some(other => other.mount !== '/' && isWithin(mount.mount, other.mount)),
  }));
}

function isWorthAsking({ type, mount, options }: Mount): boolean {
  if (LEFT_OUT.has(type) || type.endsWith('.AppImage')) return false;
  // Containers' root filesystems lie on the host's; inside one it is all there is.
  if (type === 'overlay') return mount === '/';
  if (type === 'tmpfs') return !options.has('ro') && !PRIVATE_TMPFS.test(mount);
  return true;
}

function isBetter(a: Mount, b: Mount): boolean {
  if ((a.root === '/') !== (b.root === '/')) return a.root === '/';
  if (a.options.has('ro') !== b.options.has('ro')) return b.options.has('ro');
  return a.mount.length < b.mount.length;
}
