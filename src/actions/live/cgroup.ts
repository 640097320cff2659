/**
 * Which systemd unit manages a process, from its cgroup's path, e.g. `/system.slice/ssh.service` or
 * `/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-code-4711.scope`.
 */

/** `app[-LAUNCHER]-NAME[@RANDOM].service`: how desktops start applications, systemd.io/DESKTOP_ENVIRONMENTS. */
const APPLICATION = /^app-.+\.service$/;
const CONTAINER = /^(docker|libpod|crio|cri-containerd|nspawn|machine)-.+\.scope$/;

/**
 * The unit, where something else starts, restarts and ends the process; null for those in login sessions,
 * terminals' scopes and applications of the desktop, which nothing restarts.
 */
export function managedUnit(cgroup: string | null): string | null {
  if (cgroup === null) return null;
  const parts = cgroup.split('/').filter(part => part !== '');
  const container = parts.find(part => CONTAINER.test(part));
  if (container !== undefined) return container;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i] as string;
    if (part.endsWith('.scope')) return null;
    if (!part.endsWith('.service')) continue;
    // Everything of a user is below `user@UID.service`: that alone says nothing.
    if (/^user@\d+\.service$/.test(part)) return i === parts.length - 1 ? part : null;
    return APPLICATION.test(part) && parts[i - 1] === 'app.slice' ? null : part;
  }
  return null;
}

/**
 * The service that `systemctl` means by its name: below system.slice, and not below another one, where a container
 * may have services of its own. Null: no such thing.
 */
export function systemService(cgroup: string | null): string | null {
  return /^\/system\.slice\/(?:[^/]+\.slice\/)*([^/]+\.service)(?:\/|$)/.exec(cgroup ?? '')?.[1] ?? null;
}

/** The same of `systemctl --user`, and whose it is. */
export function userService(cgroup: string | null): { unit: string; uid: number } | null {
  const [, uid, unit] =
    /^\/user\.slice\/user-\d+\.slice\/user@(\d+)\.service\/(?:[^/]+\.slice\/)*([^/]+\.service)(?:\/|$)/.exec(
      cgroup ?? '',
    ) ?? [];
  return uid === undefined || unit === undefined ? null : { unit, uid: Number(uid) };
}
