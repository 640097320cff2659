import type { Database } from 'better-sqlite3';
import { processKey } from '../../lib/process/identity.js';
import type { SampledProcess } from '../sample/sample.js';

/** `last_ms` is written this often; rows are kept so much longer than what refers to them. */
export const LAST_SEEN_STEP_MS = 600_000;
const MAX_REMEMBERED = 4096;

interface Row {
  id: number;
  comm: string;
  cmdline: string;
  session_id: number | null;
  last_ms: number;
}

/** The rows of processes that were among the top: names are written once, samples refer to them. */
export class ProcessRows {
  /** By pid and start, least recently seen first. */
  private readonly rows = new Map<string, Row>();
  private readonly find;
  private readonly insert;
  private readonly update;

  constructor(
    db: Database,
    private readonly boot: number,
  ) {
    this.find = db.prepare<[number, number, number], Row>(
      `SELECT id, comm, cmdline, session_id, last_ms FROM processes
       WHERE boot = ? AND pid = ? AND start_ticks = ?`,
    );
    this.insert = db.prepare(
      `INSERT INTO processes (boot, pid, start_ticks, uid, comm, cmdline, session_id, started_ms, last_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.update = db.prepare(
      'UPDATE processes SET comm = ?, cmdline = ?, session_id = ?, last_ms = ? WHERE id = ?',
    );
  }

  seen(process: SampledProcess, session_id: number | null, time_ms: number): number {
    const key = processKey(process);
    const row = this.rows.get(key) ?? this.find.get(this.boot, process.pid, process.start_ticks);
    const now = this.written(row, process, session_id, time_ms);
    this.rows.delete(key);
    this.rows.set(key, now);
    if (this.rows.size > MAX_REMEMBERED) this.rows.delete(this.rows.keys().next().value!);
    return now.id;
  }

  private written(
    row: Row | undefined,
    process: SampledProcess,
    session_id: number | null,
    time_ms: number,
  ): Row {
    const { pid, start_ticks, uid, comm, cmdline, started_ms } = process;
    if (row === undefined) {
      const values = [this.boot, pid, start_ticks, uid, comm, cmdline, session_id, started_ms, time_ms];
      const id = Number(this.insert.run(...values).lastInsertRowid);
      return { id, comm, cmdline, session_id, last_ms: time_ms };
    }
    // A process that executes another program is the same process.
    const same = row.comm === comm && row.cmdline === cmdline && row.session_id === session_id;
    if (same && time_ms - row.last_ms < LAST_SEEN_STEP_MS) return row;
    this.update.run(comm, cmdline, session_id, time_ms, row.id);
    return { id: row.id, comm, cmdline, session_id, last_ms: time_ms };
  }
}
