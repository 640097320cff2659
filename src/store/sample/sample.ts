import type { Figure } from '../../model/figure.js';
import type { SessionSample, Snapshot } from '../../model/snapshot.js';
import { hostRow } from './columns.js';
import { topProcesses } from './top.js';

/** What is kept of a snapshot: small enough to wait in memory. Text is cut, numbers are whole. */
export interface Sample {
  time_ms: number;
  /** By column. */
  host: Record<string, number | null>;
  sessions: SampledSession[];
  processes: SampledProcess[];
}

export interface SampledSession {
  pid: number;
  start_ticks: number;
  agent: string;
  cwd: string | null;
  tty: string | null;
  uid: number;
  started_ms: number;
  ended_ms: number | null;
  state: SessionSample['state'];
  cpu_x10: number;
  rss_kib: number;
  fds: number | null;
  processes: number;
  read_kib: number | null;
  write_kib: number | null;
  sockets: number | null;
}

export interface SampledProcess {
  pid: number;
  start_ticks: number;
  uid: number;
  comm: string;
  cmdline: string;
  started_ms: number;
  /** `pid` and `start_ticks` of its agent session. */
  session: { pid: number; start_ticks: number } | null;
  rss_kib: number;
  /** Null at first sight. */
  cpu_x10: number | null;
  swap_kib: number;
}

export const TOP_PROCESSES = 20;
/** More sessions than anybody runs; the largest ones are kept. */
export const MAX_SESSIONS = 64;
/** Enough to tell two apart; the whole command line is in the alert. */
export const MAX_TEXT_CHARS = 256;

/** The part of a snapshot that is kept, as of now: what comes back holds nothing of the snapshot. */
export function sampleOf(snapshot: Snapshot, figures: readonly Figure[]): Sample {
  const sessions = [...snapshot.sessions].sort((a, b) => b.rss_bytes - a.rss_bytes).slice(0, MAX_SESSIONS);
  return {
    time_ms: Math.round(snapshot.time_ms),
    host: hostRow(figures, snapshot),
    sessions: sessions.map(session => ({
      pid: session.pid,
      start_ticks: session.start_ticks,
      agent: cut(session.agent),
      cwd: session.cwd === null ? null : cut(session.cwd),
      tty: session.tty === null ? null : cut(session.tty),
      uid: session.uid,
      started_ms: Math.round(session.started_ms),
      ended_ms: session.ended_ms === null ? null : Math.round(session.ended_ms),
      state: session.state,
      cpu_x10: whole(session.cpu_percent * 10),
      rss_kib: kib(session.rss_bytes),
      fds: session.fds,
      processes: session.pids.length,
      read_kib: session.read_bytes === null ? null : kib(session.read_bytes),
      write_kib: session.write_bytes === null ? null : kib(session.write_bytes),
      sockets:
        session.sockets === null ? null : Object.values(session.sockets).reduce((sum, n) => sum + n, 0),
    })),
    processes: topProcesses(snapshot.processes, TOP_PROCESSES).map(process => ({
      pid: process.pid,
      start_ticks: process.start_ticks,
      uid: process.uid,
      comm: cut(process.comm),
      cmdline: cut(process.cmdline),
      started_ms: Math.round(process.started_ms),
      session:
        process.session === null
          ? null
          : { pid: process.session.pid, start_ticks: process.session.start_ticks },
      rss_kib: kib(process.rss_bytes),
      cpu_x10: process.cpu_percent === null ? null : whole(process.cpu_percent * 10),
      swap_kib: kib(process.swap_bytes ?? 0),
    })),
  };
}

/** A short text of its own: a slice would keep the long one alive. */
function cut(text: string): string {
  return text.length <= MAX_TEXT_CHARS ? text : Buffer.from(text.slice(0, MAX_TEXT_CHARS)).toString();
}

function kib(bytes: number): number {
  return whole(bytes / 1024);
}

function whole(value: number): number {
  return Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
