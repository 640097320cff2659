import { z } from 'zod';
import { iso } from '../../../lib/time/time.js';
import type { ProcessSample, Snapshot } from '../../../model/snapshot.js';
import { maySee, type Viewer } from '../../../model/viewer.js';
import { type ProcessesReport, type ProcessReport, processesReportSchema } from '../../reports/process.js';
import { defineCommand, USERS } from '../definition.js';
import { latestFor } from './latest.js';

/** Enough to tell one from another in a list. */
const MAX_CMDLINE = 512;

export const processes = defineCommand({
  name: 'processes',
  description: 'the processes of one agent session, or of the machine',
  access: USERS,
  pace: 'quick',
  params: z.strictObject({
    session: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe('main process of an agent session: only what came from it'),
    limit: z.int().min(1).max(10_000).default(1_000),
  }),
  result: processesReportSchema,
  run: (services, { session, limit }, caller) =>
    processesReport(latestFor(services, caller), caller.viewer, session, limit),
});

/** Those of one session, or of the machine; where there are too many the largest ones. */
export function processesReport(
  snapshot: Snapshot,
  viewer: Viewer,
  session: number | null,
  limit: number,
): ProcessesReport {
  const seen = snapshot.processes.filter(
    process => maySee(viewer, process.uid) && (session === null || process.session?.pid === session),
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
