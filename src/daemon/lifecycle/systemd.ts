import { endianness } from 'node:os';
import type { Libc } from '../../lib/os/libc.js';

/**
 * What a service tells systemd, as sd_notify(3) does: datagrams of `KEY=value` lines to the socket that
 * NOTIFY_SOCKET names. Node has no datagram sockets of this kind, so the C library's are used.
 */

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sizeof(sun_path) */
const MAX_PATH_BYTES = 108;
/** systemd shows one line; more is for the journal. */
const MAX_STATUS_CHARS = 200;

type Env = Record<string, string | undefined>;
export type ServiceLibc = Pick<Libc, 'socket' | 'sendto' | 'close'>;

export class ServiceManager {
  constructor(
    private readonly libc: ServiceLibc,
    private readonly address: Buffer,
    /** How long systemd waits for a sign of life before it restarts the service; null: it does not. */
    readonly watchdog_ms: number | null,
  ) {}

  /** True when systemd's socket took it. Never throws, never waits. */
  notify(fields: Readonly<Record<string, string>>): boolean {
    const lines = Object.entries(fields).map(([key, value]) => `${key}=${oneLine(value)}`);
    const message = Buffer.from(lines.join('\n'));
    const fd = this.libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    try {
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const sent = this.libc.sendto(fd, message, message.length, flags, this.address, this.address.length);
      return Number(sent) === message.length;
    } finally {
      this.libc.close(fd);
    }
  }
}

/**
 * Null: no systemd waits for us (or koffi is missing). Takes the variables out of `env`, so that no child
 * speaks in our name.
 */
export function serviceManager(env: Env, libc: ServiceLibc | null, pid: number): ServiceManager | null {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  const address = path === undefined ? null : socketAddress(path);
  if (address === null || libc === null) return null;
  const watchdog_ms = watched === undefined || Number(watched) === pid ? Number(usec) / 1000 : 0;
  return new ServiceManager(libc, address, watchdog_ms > 0 ? watchdog_ms : null);
}

/** struct sockaddr_un: the family in the machine's byte order, then the path; `@` is an abstract name. */
export function socketAddress(path: string): Buffer | null {
  if (!/^[/@]./.test(path)) return null;
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (name.length >= MAX_PATH_BYTES) return null;
  const family = Buffer.alloc(2);
  if (endianness() === 'LE') family.writeUInt16LE(AF_UNIX);
  else family.writeUInt16BE(AF_UNIX);
  // The length tells where an abstract name ends; a path may have its final zero.
  return Buffer.concat(path.startsWith('@') ? [family, name] : [family, name, Buffer.alloc(1)]);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, MAX_STATUS_CHARS);
}
