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
    for (const pid of ['1', 'self']) {
      try {
        const mounts = parseMountinfo(readText(`${this.procRoot}/${pid}/mountinfo`, MOUNTS_BYTES, 'utf8'));
        const proc = mounts.findLast(({ type, mount }) => type === 'proc' && mount === '/proc');
        if (proc !== undefined) return [...proc.options, ...proc.super_options].some(one => HIDES.test(one));
      } catch {
        // Not for us to read: then our own.
      }
    }
    return false;
  }
}
