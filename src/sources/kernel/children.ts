import { lstatSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readWhole } from '../../lib/files/bounded-read.js';
import { holdProcess } from '../../lib/process/process-handle.js';
import { ProcessSignaller } from '../../lib/process/signal.js';
import { tryStat } from '../procfs/read.js';
import type { SensorLogger } from './options.js';

const MAX_BYTES = 4_096;
const MAX_CHILDREN = 16;
const GONE_MS = 2_000;
const LOOK_MS = 20;

const childSchema = z.object({ pid: z.number().int().min(2), start_ticks: z.number().int().min(0) });
type Child = z.infer<typeof childSchema>;
const fileSchema = z.object({ boot_id: z.string(), children: z.array(childSchema).max(MAX_CHILDREN) });

/**
 * Which bpftrace is ours, in a file of the runtime directory: one that outlives a killed daemon (its pipe is full, so it
 * never learns that nobody reads) is known to the next one by its pid and start time in this boot.
 */
export class ChildRecord {
  private children: Child[] = [];

  constructor(
    /** Nowhere when left out. */
    private readonly file: string | undefined,
    private readonly boot_id: string,
    private readonly logger: SensorLogger,
  ) {}

  add(pid: number): void {
    const stat = tryStat('/proc', pid);
    if (stat === null) return;
    this.children.push({ pid, start_ticks: stat.start_ticks });
    this.write();
  }

  remove(pid: number): void {
    this.children = this.children.filter(child => child.pid !== pid);
    this.write();
  }

  /** Kills what the daemon before left behind. To be called before the first `add()`, by who holds the directory's lock. */
  async endLeftovers(): Promise<void> {
    const leftovers = this.read();
    await Promise.all(leftovers.map(child => this.end(child)));
    if (leftovers.length > 0) this.write();
  }

  private async end({ pid, start_ticks }: Child): Promise<void> {
    try {
      const handle = holdProcess({ pid, start_ticks });
      if (handle === null) return;
      try {
        const result = new ProcessSignaller().send(handle, 'SIGKILL');
        const fields = { bpftrace_pid: pid, result };
        this.logger.warn(fields, 'ended a bpftrace that an earlier vigil left behind');
        const since_ms = performance.now();
        for (;;) {
          const state = handle.stat()?.state;
          if (state === undefined || state === 'Z' || performance.now() - since_ms > GONE_MS) break;
          await sleep(LOOK_MS);
        }
      } finally {
        handle.close();
      }
    } catch (error) {
      this.logger.warn({ bpftrace_pid: pid, err: error }, 'cannot end the bpftrace of an earlier vigil');
    }
  }

  /** Of this boot, and written by our own user. */
  private read(): Child[] {
    if (this.file === undefined) return [];
    try {
      const stat = lstatSync(this.file);
      if (!stat.isFile() || stat.uid !== process.geteuid?.() || stat.size > MAX_BYTES) return [];
      const { boot_id, children } = fileSchema.parse(
        JSON.parse(readWhole(this.file, MAX_BYTES).toString('utf8')),
      );
      return boot_id === this.boot_id ? children : [];
    } catch {
      return [];
    }
  }

  private write(): void {
    if (this.file === undefined) return;
    try {
      const draft = `${this.file}.new`;
      const { boot_id, children } = this;
      writeFileSync(draft, JSON.stringify({ boot_id, children }), { mode: 0o600 });
      renameSync(draft, this.file);
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot write down which bpftrace is ours');
    }
  }
}
