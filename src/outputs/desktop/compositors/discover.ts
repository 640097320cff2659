import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { listNames } from '../../../lib/files/bounded-read.js';
import { environmentOf } from '../../../lib/proc/environment.js';
import { pidOf } from '../../../sources/procfs/read.js';

export type CompositorAddress =
  | { name: 'sway' | 'i3' | 'niri'; socket: string }
  | { name: 'hyprland'; directory: string };

/** Where the session's services are. Only what exists and is this user's own. */
export interface SessionAddresses {
  /** A D-Bus address of the `unix:` kind. */
  bus: string | null;
  /** Best first. */
  compositors: CompositorAddress[];
  /** What the user's session calls itself, e.g. `GNOME`; null: not known. */
  desktop: string | null;
}

const WANTED = [
  'DBUS_SESSION_BUS_ADDRESS',
  'SWAYSOCK',
  'I3SOCK',
  'NIRI_SOCKET',
  'HYPRLAND_INSTANCE_SIGNATURE',
  'XDG_CURRENT_DESKTOP',
] as const;
type Wanted = Partial<Record<(typeof WANTED)[number], string>>;

const MAX_SOCKET_PATH = 200;
const MAX_DESKTOP = 32;

/** The newest first: what an older, dead session left behind must not hide the present one. */
export function discover(runtimeDir: string, uid: number, procRoot = '/proc'): SessionAddresses {
  const found: SessionAddresses = { bus: null, compositors: named(runtimeDir, uid), desktop: null };
  if (isSocket(`${runtimeDir}/bus`, uid)) found.bus = `unix:path=${runtimeDir}/bus`;
  if (found.bus !== null && found.compositors.length > 0) return found;
  for (const env of environments(procRoot, uid)) {
    found.bus ??= busOf(env, uid);
    found.desktop ??= env.XDG_CURRENT_DESKTOP?.slice(0, MAX_DESKTOP) || null;
    if (found.compositors.length === 0) found.compositors.push(...fromEnvironment(env, runtimeDir, uid));
    if (found.bus !== null && found.compositors.length > 0) break;
  }
  return found;
}

/** Sockets with the names that the compositors give them. */
function named(runtimeDir: string, uid: number): CompositorAddress[] {
  const found: { address: CompositorAddress; at_ms: number }[] = [];
  const add = (address: CompositorAddress, socket: string) => {
    if (isSocket(socket, uid)) found.push({ address, at_ms: statSync(socket).mtimeMs });
  };
  for (const name of list(runtimeDir)) {
    // niri.wayland-1.4021.sock
    if (/^niri\.[\w-]+\.\d+\.sock$/.test(name)) {
      const socket = `${runtimeDir}/${name}`;
      add({ name: 'niri', socket }, socket);
    }
    // sway-ipc.1000.4021.sock
    if (/^sway-ipc\.\d+\.\d+\.sock$/.test(name)) {
      const socket = `${runtimeDir}/${name}`;
      add({ name: 'sway', socket }, socket);
    }
  }
  for (const name of list(`${runtimeDir}/i3`)) {
    if (/^ipc-socket\.\d+$/.test(name)) {
      const socket = `${runtimeDir}/i3/${name}`;
      add({ name: 'i3', socket }, socket);
    }
  }
  for (const name of list(`${runtimeDir}/hypr`)) {
    const directory = `${runtimeDir}/hypr/${name}`;
    add({ name: 'hyprland', directory }, `${directory}/.socket2.sock`);
  }
  return found.sort((a, b) => b.at_ms - a.at_ms).map(({ address }) => address);
}

function fromEnvironment(env: Wanted, runtimeDir: string, uid: number): CompositorAddress[] {
  const { SWAYSOCK, I3SOCK, NIRI_SOCKET, HYPRLAND_INSTANCE_SIGNATURE } = env;
  const found: CompositorAddress[] = [];
  if (SWAYSOCK !== undefined && isSocket(SWAYSOCK, uid)) found.push({ name: 'sway', socket: SWAYSOCK });
  if (I3SOCK !== undefined && isSocket(I3SOCK, uid)) found.push({ name: 'i3', socket: I3SOCK });
  if (NIRI_SOCKET !== undefined && isSocket(NIRI_SOCKET, uid))
    found.push({ name: 'niri', socket: NIRI_SOCKET });
  if (
    HYPRLAND_INSTANCE_SIGNATURE !== undefined &&
    basename(HYPRLAND_INSTANCE_SIGNATURE) === HYPRLAND_INSTANCE_SIGNATURE
  ) {
    for (const base of [`${runtimeDir}/hypr`, '/tmp/hypr']) {
      const directory = `${base}/${HYPRLAND_INSTANCE_SIGNATURE}`;
      if (isSocket(`${directory}/.socket2.sock`, uid)) found.push({ name: 'hyprland', directory });
    }
  }
  return found;
}

/** Only sockets: other kinds of address (`unixexec:`) would run programs. */
function busOf(env: Wanted, uid: number): string | null {
  for (const address of (env.DBUS_SESSION_BUS_ADDRESS ?? '').split(';')) {
    const path = /^unix:path=([^,;]+)/.exec(address)?.[1];
    if (path !== undefined && isSocket(decodeURIComponentSafely(path), uid))
      return `unix:path=${decodeURIComponentSafely(path)}`;
    const name = /^unix:abstract=([^,;]+)/.exec(address)?.[1];
    if (name !== undefined) return `unix:abstract=${name}`;
  }
  return null;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of the user's own processes, the latest started first, these few variables. */
function* environments(procRoot: string, uid: number): Generator<Wanted> {
  for (const pid of list(procRoot)
    .map(pidOf)
    .filter(pid => pid !== null)
    .sort((a, b) => b - a)) {
    try {
      if (statSync(`${procRoot}/${pid}`).uid !== uid) continue;
      const env = environmentOf(procRoot, pid, WANTED);
      if (env !== 'unknown' && Object.keys(env).length > 0) yield env;
    } catch {
      // gone, or not ours to read
    }
  }
}

function isSocket(path: string, uid: number): boolean {
  if (!path.startsWith('/') || path.length > MAX_SOCKET_PATH) return false;
  try {
    const stat = statSync(path);
    return stat.isSocket() && stat.uid === uid;
  } catch {
    return false;
  }
}

function list(directory: string): string[] {
  try {
    return listNames(directory);
  } catch {
    return [];
  }
}
