import { closeSync, openSync, readSync } from 'node:fs';

/** Within so long nothing would be left: look at once, and go on looking. */
const SOON_MS = 90_000;
/** As fast as this a limit of some gigabytes is used up within the time of a few looks. */
const BRISK_BYTES_PER_S = 24 * 1024 * 1024;
/** As fast as this within a few times ten seconds: the first second of it is enough, there is none to lose. */
const FAST_BYTES_PER_S = 128 * 1024 * 1024;
/** Values, one a second, of which a fall is measured: the last two, and all. */
const VALUES = 4;
/** MemAvailable is in the third line. */
const BYTES = 256;

/** How fast the machine's memory goes: `soon` used up, or a limit of some gigabytes; `brisk`; or neither. */
export type Haste = 'soon' | 'brisk' | null;

/**
 * Reads MemAvailable of /proc/meminfo, about once a second, some 10 µs: memory goes faster than the machine is looked
 * at. Says nothing where the kernel does not tell it.
 */
export class MemoryWatch {
  private readonly bytes = Buffer.alloc(BYTES);
  private fd: number | null = null;
  private values: { time_ms: number; available_bytes: number }[] = [];

  constructor(private readonly procRoot: string) {}

  look(time_ms: number): Haste {
    const available_bytes = this.available();
    if (available_bytes === null) return null;
    const { values } = this;
    const last = values.at(-1);
    values.push({ time_ms, available_bytes });
    if (values.length > VALUES) values.shift();
    if (last === undefined) return null;
    const pace = (since: typeof last) =>
      ((since.available_bytes - available_bytes) / Math.max(1, time_ms - since.time_ms)) * 1000;
    const most = Math.max(pace(last), pace(values[0]!));
    if (most > 0 && (available_bytes / most) * 1000 < SOON_MS) return 'soon';
    if (pace(last) > FAST_BYTES_PER_S) return 'soon';
    return values.length === VALUES && pace(values[0]!) > BRISK_BYTES_PER_S ? 'brisk' : null;
  }

  stop(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
    this.values = [];
  }

  private available(): number | null {
    try {
      this.fd ??= openSync(`${this.procRoot}/meminfo`, 'r');
      const length = readSync(this.fd, this.bytes, 0, BYTES, 0);
      const text = this.bytes.toString('latin1', 0, length);
      const at = text.indexOf('MemAvailable:');
      const kb = at < 0 ? Number.NaN : Number.parseInt(text.slice(at + 13), 10);
      return Number.isNaN(kb) ? null : kb * 1024;
    } catch {
      return null;
    }
  }
}
