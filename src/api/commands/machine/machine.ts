import { iso } from '../../../lib/time/time.js';
import type { ProcessSample, Snapshot } from '../../../model/snapshot.js';
import { hostFor, maySee, type Viewer, viewerUid } from '../../../model/viewer.js';
import { type MachineReport, machineReportSchema } from '../../reports/machine.js';
import { defineCommand, none, USERS } from '../definition.js';
import { latestFor } from './latest.js';

const TOP = 15;

export const machine = defineCommand({
  name: 'machine',
  description: 'the machine as of the latest look at it',
  access: USERS,
  pace: 'quick',
  params: none,
  result: machineReportSchema,
  run: (services, _, caller) =>
    machineReport(latestFor(services, caller), services.machine.isPaused, caller.viewer),
});

function machineReport(snapshot: Snapshot, paused: boolean, viewer: Viewer): MachineReport {
  const processes = snapshot.processes.filter(({ uid }) => maySee(viewer, uid));
  return {
    time: iso(snapshot.time_ms),
    paused,
    host: hostFor(snapshot.host, viewerUid(viewer)),
    processes: snapshot.processes.length,
    sessions: snapshot.sessions.filter(({ uid }) => maySee(viewer, uid)),
    top_memory: top(processes, ({ rss_bytes }) => rss_bytes),
    top_cpu: top(processes, ({ cpu_percent }) => cpu_percent ?? 0).filter(
      ({ cpu_percent }) => (cpu_percent ?? 0) > 0,
    ),
  };
}

function top(processes: readonly ProcessSample[], by: (process: ProcessSample) => number): ProcessSample[] {
  return [...processes].sort((a, b) => by(b) - by(a)).slice(0, TOP);
}
