import { MOUNTS_BYTES, readText } from '../../lib/files/bounded-read.js';
import { parseMountinfo } from '../host/filesystems/mounts.js';

/** /proc may be mounted anew while vigil runs. */
const LOOK_MS = 10_000;
/** hidepid= of proc(5); 0 and `off` hide nothing. */
const HIDES = /^hidepid=(?!0$|off$)/;

/**
 * Whether the machine hides the processes of each user from the others: `/proc` mounted with `hidepid`. vigil is root
 * and sees them all; then it tells nobody of them who could not see them himself.
 */
export class HiddenProcesses {
  private isHidden = false;
  private read_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly procRoot: string,
    private readonly now_ms: () => number = () => performance.now(),
  ) {}

  get value(): boolean {
    const now_ms = this.now_ms();
    if (now_ms - this.read_ms >= LOOK_MS) {
      this.read_ms = now_ms;
      this.isHidden = this.look();
    }
    return this.isHidden;
  }

  /** As the machine's own /proc is mounted: a service may have one of its own. */
  private look(): boolean {
    const options = procOptions(this.procRoot, '1') ?? procOptions(this.procRoot, 'self') ?? [];
    return options.some(one => HIDES.test(one));
  }
}

/** What vigil itself does not see of its /proc as that is mounted, and for whom it was started; null: it sees it all. */
export function hiddenFromVigil(procRoot: string, uid: number | undefined): string | null {
  const options = procOptions(procRoot, 'self') ?? [];
  if (options.includes('subset=pid'))
    return '/proc is mounted with subset=pid: load, memory and disks of the machine are not seen';
  if (uid !== 0 && options.some(one => HIDES.test(one)))
    return '/proc is mounted with hidepid: the processes of other users are not seen';
  return null;
}

/** Null: it is not mounted there, or not for us to know. */
function procOptions(procRoot: string, pid: string): string[] | null {
  try {
    const mounts = parseMountinfo(readText(`${procRoot}/${pid}/mountinfo`, MOUNTS_BYTES, 'utf8'));
    const proc = mounts.findLast(({ type, mount }) => type === 'proc' && mount === '/proc');
    return proc === undefined ? null : [...proc.options, ...proc.super_options];
  } catch {
    return null;
  }
}
