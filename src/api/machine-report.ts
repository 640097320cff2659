import { iso } from '../lib/time/time.js';
import type { ProcessSample, Snapshot } from '../model/snapshot.js';
import type { MachineReport } from './contract.js';
import { mayView, type View } from './socket/peer.js';

const TOP = 15;

/** The machine as of a snapshot, for one who `sees` all or only their own processes. */
export function machineReport(snapshot: Snapshot, paused: boolean, sees: View): MachineReport {
  const processes = snapshot.processes.filter(({ uid }) => mayView(sees, uid));
  return {
    time: iso(snapshot.time_ms),
    paused,
    host: snapshot.host,
    processes: snapshot.processes.length,
    sessions: snapshot.sessions.filter(({ uid }) => mayView(sees, uid)),
    top_memory: top(processes, ({ rss_bytes }) => rss_bytes),
    top_cpu: top(processes, ({ cpu_percent }) => cpu_percent ?? 0).filter(
      ({ cpu_percent }) => (cpu_percent ?? 0) > 0,
    ),
  };
}

function top(processes: readonly ProcessSample[], by: (process: ProcessSample) => number): ProcessSample[] {
  return [...processes].sort((a, b) => by(b) - by(a)).slice(0, TOP);
}
