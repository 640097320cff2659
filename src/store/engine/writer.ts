import type { Database, Statement } from 'better-sqlite3';
import type { Operation } from '../operation.js';
import { addHostColumn, hostColumns } from '../sample/columns.js';
import { pack } from '../sample/pack.js';
import type { Sample } from '../sample/sample.js';
import { ProcessRows } from './process-rows.js';
import { RecordWriter } from './record-writer.js';
import { SessionRows } from './session-rows.js';

/** Writes operations. Runs within a transaction; after a rollback a new one is to be made. */
export class Writer {
  private readonly sessions: SessionRows;
  private readonly processes: ProcessRows;
  private readonly records: RecordWriter;
  private readonly columns: Set<string>;
  private host: { columns: string; insert: Statement } | null = null;
  private readonly session;
  private readonly top;

  constructor(
    private readonly db: Database,
    boot: number,
  ) {
    this.sessions = new SessionRows(db, boot);
    this.processes = new ProcessRows(db, boot);
    this.records = new RecordWriter(db);
    this.columns = new Set(hostColumns(db));
    this.session = db.prepare(
      `INSERT OR REPLACE INTO session_samples (time_ms, session_id, state, cpu_x10, rss_kib, fds, processes,
       read_kib, write_kib, sockets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.top = db.prepare('INSERT OR REPLACE INTO process_samples (time_ms, entries) VALUES (?, ?)');
  }

  write(operation: Exclude<Operation, { type: 'redate' }>): void {
    if (operation.type === 'sample') this.sample(operation.sample);
    else if (operation.type === 'transition') this.sessions.transition(operation.transition);
    else this.records.write(operation);
  }

  private sample(sample: Sample): void {
    const { time_ms } = sample;
    this.insertHost(Object.keys(sample.host)).run(time_ms, ...Object.values(sample.host));
    for (const session of sample.sessions) {
      const id = this.sessions.seen(session, time_ms);
      const { state, cpu_x10, rss_kib, fds, processes, read_kib, write_kib, sockets } = session;
      this.session.run(time_ms, id, state, cpu_x10, rss_kib, fds, processes, read_kib, write_kib, sockets);
    }
    const packed = sample.processes.map(process => ({
      id: this.processes.seen(process, this.sessionOf(process.session), time_ms),
      rss_kib: process.rss_kib,
      cpu_x10: process.cpu_x10,
      swap_kib: process.swap_kib,
    }));
    this.top.run(time_ms, pack(packed));
  }

  private insertHost(names: readonly string[]): Statement {
    const columns = names.map(name => `, ${name}`).join('');
    if (this.host?.columns === columns) return this.host.insert;
    for (const name of names) {
      if (!this.columns.has(name)) addHostColumn(this.db, name);
      this.columns.add(name);
    }
    const values = ', ?'.repeat(names.length);
    const insert = this.db.prepare(
      `INSERT OR REPLACE INTO host_samples (time_ms${columns}) VALUES (?${values})`,
    );
    this.host = { columns, insert };
    return insert;
  }

  private sessionOf(session: { pid: number; start_ticks: number } | null): number | null {
    return session === null ? null : this.sessions.known(session.pid, session.start_ticks);
  }
}
