import { iso } from '../lib/time/time.js';
import type { ProcessSample, Snapshot } from '../model/snapshot.js';
import type { ProcessesReport, ProcessReport } from './contract.js';
import { mayView, type View } from './socket/peer.js';

/** Enough to tell one from another in a list. */
const MAX_CMDLINE = 512;

/** The processes of one agent session or of the machine; where there are too many the largest ones. */
export function processesReport(
  snapshot: Snapshot,
  sees: View,
  session: number | null,
  limit: number,
): ProcessesReport {
  const seen = snapshot.processes.filter(
    process => mayView(sees, process.uid) && (session === null || process.session?.pid === session),
  );
  const kept =
    seen.length <= limit ? seen : [...seen].sort((a, b) => b.rss_bytes - a.rss_bytes).slice(0, limit);
  return { time: iso(snapshot.time_ms), total: seen.length, processes: kept.map(processReport) };
}

function processReport(process: ProcessSample): ProcessReport {
  const { pid, ppid, start_ticks, uid, comm, state, started_ms, threads, cpu_percent, rss_bytes } = process;
  return {
    pid,
    ppid,
    start_ticks,
    uid,
    comm,
    cmdline: process.cmdline.slice(0, MAX_CMDLINE),
    state,
    started: iso(started_ms),
    threads,
    cpu_percent,
    rss_bytes,
    session: process.session?.pid ?? null,
  };
}
