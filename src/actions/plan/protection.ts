import { isSameProcess } from '../../lib/process/identity.js';
import { globMatches } from '../../lib/text/glob.js';
import type { SessionSample } from '../../model/snapshot.js';
import { managedUnit } from '../live/cgroup.js';
import type { LiveProcess } from '../live/live-view.js';
import { isInteractiveShell } from './shells.js';

/** Never ended, whatever the configuration says: without them the person loses more than any process is worth. */
const ALWAYS_PROTECTED = [
  // the system
  'init',
  'systemd*',
  '(sd-pam)',
  'dbus-daemon',
  'dbus-broker*',
  'sshd*',
  // compositors and window managers
  'Xorg*',
  'Xwayland',
  'sway',
  'Hyprland',
  'gnome-shell',
  'gnome-session*',
  'kwin*',
  'plasmashell',
  'ksmserver',
  'mutter*',
  'xfwm4',
  'xfce4-session',
  'i3',
  'bspwm',
  'awesome',
  'openbox',
  'river',
  'niri',
  'labwc',
  'weston',
  'wayfire',
  'cosmic-comp',
  'cinnamon*',
  // terminals and what keeps sessions in them
  'tmux*',
  'screen',
  'SCREEN',
  'zellij',
  'dtach',
  'abduco',
  'mosh-server',
  'gnome-terminal*',
  'konsole',
  'xterm',
  'kitty',
  'foot',
  'alacritty',
  'wezterm*',
  'ghostty',
];

export interface Protection {
  /** True for vigil, everything it came from, and its children; not for what a user's helper starts. */
  isOwn(pid: number): boolean;
  protected_pids: readonly number[];
  protected_commands: readonly string[];
  sessions: readonly SessionSample[];
}

/**
 * Why nobody may signal this process through vigil; null: nothing speaks against it.
 * `named_pid`: what a person typed, which may be a live agent.
 */
export function whyProtected(
  process: LiveProcess,
  protection: Protection,
  named_pid: number | null,
): string | null {
  if (process.pid <= 1) return 'is init';
  if (process.kernel_thread) return 'is a kernel thread';
  if (protection.isOwn(process.pid)) return 'belongs to vigil itself, or vigil runs inside it';
  if (protection.protected_pids.includes(process.pid)) return 'is in `protected_pids`';
  const names = namesOf(process);
  if (matches(ALWAYS_PROTECTED, names)) return 'holds the system or the desktop together';
  if (matches(protection.protected_commands, names)) return 'is in `protected_commands`';
  if (isInteractiveShell(process)) return 'is a shell in which a person works';
  const unit = managedUnit(process.cgroup);
  if (unit !== null) return `is managed by ${unit}`;
  const agent = protection.sessions.find(session => session.alive && isSameProcess(session, process));
  if (agent !== undefined && named_pid !== process.pid) return `is a live agent (${agent.agent})`;
  return null;
}

function matches(globs: readonly string[], names: readonly string[]): boolean {
  return names.some(name => globs.some(glob => globMatches(glob, name)));
}

/** What it is called by the kernel, by its file, and by itself. Any of them protects. */
function namesOf(process: LiveProcess): string[] {
  const base = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  // `sshd: ann@pts/3` and `tmux: server` are titles: the first word is the name.
  const called = base((process.argv[0] ?? '').split(' ')[0] ?? '').replace(/:$/, '');
  return [process.comm, base(process.exe ?? ''), called].filter(name => name !== '');
}
