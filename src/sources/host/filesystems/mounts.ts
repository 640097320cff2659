/** One line of /proc/PID/mountinfo. */
export interface Mount {
  /** Unique on the machine for as long as it is there; fdinfo names it too. */
  id: number;
  /** `major:minor` of the filesystem; the same for all mounts of it. */
  device_number: string;
  /** What of the filesystem is shown: `/`, or the folder of a bind mount or subvolume. */
  root: string;
  mount: string;
  type: string;
  /** `/dev/vda1`, `server:/export`, or any text. */
  source: string;
  /** This mount only, e.g. `rw`, `relatime`. */
  options: ReadonlySet<string>;
  /** The whole filesystem's. */
  super_options: ReadonlySet<string>;
}

/**
 * /proc/PID/mountinfo, see proc_pid_mountinfo(5).
 *
 * `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
 *
 * Between the options and the dash there are any number of fields. Spaces, tabs, newlines and backslashes are
 * written as `\040` and the like. Lines that are none are skipped.
 */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const dash = line.indexOf(' - ');
    if (dash < 0) continue;
    const before = line.slice(0, dash).split(' ');
    const [type, source, super_options] = line.slice(dash + 3).split(' ');
    const [id, , device_number, root, mount, options] = before;
    if (options === undefined || type === undefined) continue;
    mounts.push({
      id: Number(id),
      device_number: device_number!,
      root: unescapeOctal(root!),
      mount: unescapeOctal(mount!),
      type,
      source: unescapeOctal(source ?? ''),
      options: new Set(options.split(',')),
      super_options: new Set((super_options ?? '').split(',')),
    });
  }
  return mounts;
}

function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
