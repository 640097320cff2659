import { join } from 'node:path';
import { z } from 'zod';
import { safeRead } from '../../../lib/files/safe-read.js';
import { SEVERITIES, type Severity } from '../../../model/alert.js';
import { writeFileSafely } from '../badges/store.js';
import { type Log, Once } from '../out.js';
import { type HelperAlert, MAX_ALERTS } from '../protocol.js';

const NAME = 'alerts.json';
const MAX_BYTES = 64 * 1024;

const schema = z
  .array(z.strictObject({ id: z.int(), opened_ms: z.number(), severity: z.enum(SEVERITIES) }))
  .max(MAX_ALERTS);

type Entry = z.infer<typeof schema>[number];

/**
 * The alerts that a person has dismissed, and how bad they were: in the runtime directory, so that the next helper
 * does not show them again, and the next login begins anew. The latest are kept.
 */
export class DismissedAlerts {
  private entries: Entry[] | null = null;
  private readonly once: Once;

  constructor(
    private readonly runtimeDir: string,
    log: Log,
  ) {
    this.once = new Once(log);
  }

  /** How bad it was then; null: it was not dismissed. */
  find(alert: HelperAlert): Severity | null {
    return this.known().find(entry => isOf(entry, alert))?.severity ?? null;
  }

  add(alert: HelperAlert): void {
    const { id, opened_ms, severity } = alert;
    const others = this.known().filter(entry => !isOf(entry, alert));
    this.entries = [...others, { id, opened_ms, severity }].slice(-MAX_ALERTS);
    try {
      writeFileSafely(join(this.runtimeDir, 'vigil'), NAME, `${JSON.stringify(this.entries)}\n`);
      this.once.clear(NAME, 'it is remembered again which alerts were dismissed');
    } catch (error) {
      this.once.warn(NAME, `cannot remember which alerts were dismissed: ${(error as Error).message}`);
    }
  }

  private known(): readonly Entry[] {
    this.entries ??= read(join(this.runtimeDir, 'vigil', NAME));
    return this.entries;
  }
}

/** Another history counts its alerts from 1, too. */
function isOf(entry: Entry, { id, opened_ms }: HelperAlert): boolean {
  return entry.id === id && entry.opened_ms === opened_ms;
}

function read(path: string): Entry[] {
  const file = safeRead(path, { uid: process.geteuid!(), max_bytes: MAX_BYTES });
  if (!file.ok) return [];
  try {
    return schema.parse(JSON.parse(file.text));
  } catch {
    return [];
  }
}
