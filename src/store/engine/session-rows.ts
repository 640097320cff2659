import type { Database } from 'better-sqlite3';
import type { Transition } from '../../model/agent.js';
import type { SampledSession } from '../sample/sample.js';

/** So exactly is known until when a session was watched. */
const LAST_SEEN_STEP_MS = 60_000;

interface Row {
  id: number;
  start_ticks: number | null;
  ended_ms: number | null;
  last_ms: number;
}

/**
 * The rows of agent sessions. A transition names its process by pid alone: it belongs to the newest session
 * of that pid that had not ended. The first one may come before any sample: its session gets the rest then.
 */
export class SessionRows {
  private readonly select;
  private readonly insert;
  private readonly complete;
  private readonly touch;
  private readonly end;
  private readonly insertTransition;
  private readonly rows = new Map<number, Row>();

  constructor(
    db: Database,
    private readonly boot: number,
  ) {
    this.select = db.prepare<[number, number], Row>(
      `SELECT id, start_ticks, ended_ms, last_ms FROM sessions WHERE boot = ? AND pid = ?
       ORDER BY id DESC LIMIT 1`,
    );
    this.insert = db.prepare(
      `INSERT INTO sessions (boot, pid, start_ticks, agent, cwd, tty, uid, started_ms, ended_ms, last_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.complete = db.prepare(
      'UPDATE sessions SET start_ticks = ?, cwd = ?, tty = ?, uid = ?, started_ms = ? WHERE id = ?',
    );
    this.touch = db.prepare('UPDATE sessions SET last_ms = ? WHERE id = ?');
    this.end = db.prepare('UPDATE sessions SET ended_ms = ?, last_ms = max(last_ms, ?) WHERE id = ?');
    this.insertTransition = db.prepare(
      `INSERT INTO transitions (time_ms, session_id, from_state, to_state, reason, evidence, ending)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** The row of a session that is in a sample. */
  seen(session: SampledSession, time_ms: number): number {
    const { pid, start_ticks, agent, cwd, tty, uid, started_ms, ended_ms } = session;
    let row = this.newest(pid);
    if (row === undefined || (row.start_ticks !== null && row.start_ticks !== start_ticks)) {
      row = { id: 0, start_ticks, ended_ms, last_ms: time_ms };
      const values = [this.boot, pid, start_ticks, agent, cwd, tty, uid, started_ms, ended_ms, time_ms];
      row.id = Number(this.insert.run(...values).lastInsertRowid);
      this.remember(pid, row);
      return row.id;
    }
    if (row.start_ticks === null) {
      this.complete.run(start_ticks, cwd, tty, uid, started_ms, row.id);
      row.start_ticks = start_ticks;
    }
    if (ended_ms !== null && row.ended_ms === null) {
      this.end.run(ended_ms, ended_ms, row.id);
      row.ended_ms = ended_ms;
    } else if (time_ms - row.last_ms >= LAST_SEEN_STEP_MS) {
      // Of an ended one too: its processes may run on, and rows that samples refer to must stay.
      this.touch.run(time_ms, row.id);
      row.last_ms = time_ms;
    }
    return row.id;
  }

  /** The row of a session that was seen; null: it was not. */
  known(pid: number, start_ticks: number): number | null {
    const row = this.newest(pid);
    return row?.start_ticks === start_ticks ? row.id : null;
  }

  transition(transition: Transition): void {
    const { pid, agent, cwd, tty, to, id } = transition;
    const time_ms = Math.round(transition.time_ms);
    // A further conversation in a process has a row of its own; samples are of the process.
    let row = id === undefined ? this.newest(pid) : this.rows.get(id);
    if (row === undefined || (row.ended_ms !== null && to !== 'EXITED')) {
      row = { id: 0, start_ticks: null, ended_ms: null, last_ms: time_ms };
      const values = [this.boot, pid, null, agent, cwd, tty, null, time_ms, null, time_ms];
      row.id = Number(this.insert.run(...values).lastInsertRowid);
      this.remember(id ?? pid, row);
    }
    // The process of a conversation that was closed goes on.
    const isOver =
      to === 'EXITED' &&
      (transition.ending !== null || transition.conversation === undefined || id !== undefined);
    if (isOver && row.ended_ms === null) {
      this.end.run(time_ms, time_ms, row.id);
      row.ended_ms = time_ms;
    }
    this.insertTransition.run(
      time_ms,
      row.id,
      transition.from,
      to,
      transition.reason,
      JSON.stringify(transition.evidence),
      transition.ending === null ? null : JSON.stringify(transition.ending),
    );
  }

  private newest(pid: number): Row | undefined {
    const row = this.rows.get(pid) ?? this.select.get(this.boot, pid);
    if (row !== undefined) this.remember(pid, row);
    return row;
  }

  private remember(pid: number, row: Row): void {
    this.rows.delete(pid);
    this.rows.set(pid, row);
    if (this.rows.size > 1024) this.rows.delete(this.rows.keys().next().value!);
  }
}
