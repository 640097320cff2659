import { z } from 'zod';
import { REASONS } from '../../model/agent.js';
import {
  bytes,
  count,
  list,
  pid,
  schemaOf,
  start_ticks,
  text,
  time,
  time_ms,
  uid,
} from '../../model/schema.js';
import type { ProcessRef, ProcessSample, SessionRef, SessionSample } from '../../model/snapshot.js';

const ref = {
  pid,
  start_ticks,
  uid,
  comm: text,
  cmdline: text.describe('arguments joined by spaces, cut at 4,096 characters'),
};
export const processRefSchema = schemaOf<ProcessRef>()(ref).meta({ id: 'ProcessRef' });

const session = {
  pid: pid.describe('of the main process, which may be gone'),
  start_ticks,
  agent: text,
  label: text.exactOptional().describe('its name for people'),
  cwd: text.nullable(),
  alive: z.boolean(),
};
export const sessionRefSchema = schemaOf<SessionRef>()(session).meta({ id: 'SessionRef' });

export const processSampleSchema = schemaOf<ProcessSample>()({
  ...ref,
  ppid: pid,
  pgid: pid,
  sid: pid,
  state: text.describe('one letter, proc_pid_stat(5)'),
  started_ms: time_ms,
  threads: count,
  cpu_percent: z.number().nullable().describe('of one core; null at first sight'),
  rss_bytes: bytes,
  vsize_bytes: bytes.exactOptional().describe('address space'),
  anon_bytes: bytes.nullable(),
  swap_bytes: bytes.nullable(),
  fds: count.nullable(),
  read_bytes: bytes.nullable(),
  write_bytes: bytes.nullable(),
  oom_score_adj: z.int().nullable(),
  room_bytes: bytes.exactOptional(),
  fds_limit: count.exactOptional(),
  to_stay: z.boolean().exactOptional().describe('who started it meant it to go on alone'),
  cgroup: text.nullable(),
  session: sessionRefSchema.nullable(),
}).meta({ id: 'ProcessSample' });

export const sessionSampleSchema = schemaOf<SessionSample>()({
  ...session,
  uid,
  tty: text.nullable(),
  interactive: z
    .literal(false)
    .exactOptional()
    .describe('it talks with nobody: it works off what it was given'),
  ignores_hangup: z
    .literal(true)
    .exactOptional()
    .describe('it ignored SIGHUP itself (`nohup`): what it starts inherits that'),
  state: z.enum(['UNKNOWN', 'WORKING', 'WAITING', 'EXITED']),
  reason: z.enum(REASONS).nullable().exactOptional(),
  since_ms: time_ms,
  started_ms: time_ms,
  ended_ms: time_ms.nullable(),
  pids: list(pid),
  cpu_percent: z.number(),
  rss_bytes: bytes,
  fds: count.nullable(),
  read_bytes: bytes.nullable(),
  write_bytes: bytes.nullable(),
  sockets: z.record(text, count).nullable(),
}).meta({ id: 'SessionSample' });

export const processReportSchema = z
  .strictObject({
    pid,
    ppid: pid,
    start_ticks,
    uid,
    comm: text,
    cmdline: text.describe('cut at 512 characters'),
    state: text.describe('one letter, proc_pid_stat(5)'),
    started: time,
    threads: count,
    cpu_percent: z.number().nullable().describe('of one core; null at first sight'),
    rss_bytes: bytes,
    session: pid.nullable().describe('main process of the agent session that it came from'),
  })
  .meta({ id: 'ProcessReport' });
export type ProcessReport = z.infer<typeof processReportSchema>;

export const processesReportSchema = z
  .strictObject({
    time,
    total: count.describe(
      'how many there are, of which `processes` holds at most `limit`: then the largest ones',
    ),
    processes: list(processReportSchema),
  })
  .meta({ id: 'ProcessesReport' });
export type ProcessesReport = z.infer<typeof processesReportSchema>;
