import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { readWhole } from '../../lib/files/bounded-read.js';

/** What bpftrace answers to the questions of a start, as far as they were asked. */
const answersSchema = z.object({
  version: z.string().max(40).optional(),
  /** A trivial tracing program attached. A refusal is asked for anew: perhaps the machine was only too busy. */
  attaches: z.literal(true).optional(),
  structs: z.object({ pid: z.string(), n_tty_data: z.string() }).optional(),
});
export type Answers = z.infer<typeof answersSchema>;

const fileSchema = answersSchema.extend({
  boot_id: z.string(),
  path: z.string(),
  size: z.number(),
  changed_ms: z.number(),
});

/** Two structures of the kernel are some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * Answers of one bpftrace, kept in a file from one start of the daemon to the next: each question costs a compiler's start,
 * a second and more on a small machine, in which the agents are not watched. Good until the machine boots again or
 * bpftrace is another file. Without a file, or where it cannot be read or written, they are asked for each time.
 */
export class BpftraceProbeCache {
  constructor(
    private readonly file: string | undefined,
    private readonly boot_id: string,
  ) {}

  of(path: string): Answers {
    const kept = this.read();
    const now = this.identity(path);
    if (kept === null || now === null) return {};
    const { boot_id, path: of, size, changed_ms, ...answers } = kept;
    const same = boot_id === now.boot_id && of === path && size === now.size && changed_ms === now.changed_ms;
    return same ? answers : {};
  }

  keep(path: string, more: Answers): void {
    const now = this.identity(path);
    if (this.file === undefined || now === null) return;
    const draft = `${this.file}.new`;
    try {
      writeFileSync(draft, JSON.stringify({ ...now, ...this.of(path), ...more }), { mode: 0o600 });
      renameSync(draft, this.file);
    } catch {
      // A disk that is full costs a second at the next start, and what fits of it is no use to anybody.
      rmSync(draft, { force: true });
    }
  }

  private read(): z.infer<typeof fileSchema> | null {
    if (this.file === undefined) return null;
    try {
      return fileSchema.parse(JSON.parse(readWhole(this.file, MAX_BYTES).toString('utf8')));
    } catch {
      return null;
    }
  }

  private identity(path: string) {
    try {
      const { size, ctimeMs } = statSync(path);
      return { boot_id: this.boot_id, path, size, changed_ms: ctimeMs };
    } catch {
      return null;
    }
  }
}

/** Nothing is kept: all is asked. */
export const NO_PROBE_CACHE = new BpftraceProbeCache(undefined, '');
