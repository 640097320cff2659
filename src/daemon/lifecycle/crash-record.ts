import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readWhole, SMALL_BYTES } from '../../lib/files/bounded-read.js';
import { printable } from '../../lib/text/printable.js';
import { iso } from '../../lib/time/time.js';

/** More are not kept, and older ones are no news. */
const KEPT = 20;
const NEWS_MS = 24 * 3_600_000;

const schema = z.array(z.object({ time_ms: z.number(), message: z.string().max(500) })).max(KEPT);

/** When vigil ended by an error of its own: the run after it would else look as if nothing had been. */
export class CrashRecord {
  private readonly file: string;
  private readonly crashes: z.output<typeof schema>;

  constructor(stateDir: string) {
    this.file = join(stateDir, 'crashes.json');
    this.crashes = this.read();
  }

  /** Synchronous, and never throws: these are the last things that are done. */
  add(time_ms: number, error: unknown): void {
    const message = printable(
      error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      200,
    );
    try {
      const text = JSON.stringify([...this.crashes, { time_ms, message }].slice(-KEPT));
      rmSync(`${this.file}.new`, { force: true });
      writeFileSync(`${this.file}.new`, text, { mode: 0o600, flag: 'wx' });
      renameSync(`${this.file}.new`, this.file);
    } catch {
      // The log has it.
    }
  }

  /** For `vigil health`: those of the last 24 hours. */
  problems(now_ms: number): string[] {
    const news = this.crashes.filter(({ time_ms }) => now_ms - time_ms < NEWS_MS);
    const last = news.at(-1);
    if (last === undefined) return [];
    const times =
      news.length === 1 ? 'once' : `${news.length === KEPT ? 'at least ' : ''}${news.length} times`;
    return [
      `vigil ended by an error of its own ${times} within 24 hours, the last time at ${iso(last.time_ms)}: ${printable(last.message, 200)} (its log has the stack)`,
    ];
  }

  private read(): z.output<typeof schema> {
    try {
      return schema.parse(JSON.parse(readWhole(this.file, SMALL_BYTES).toString('utf8')));
    } catch {
      return [];
    }
  }
}
