import { z } from 'zod';
import type { HelperHealth } from '../../model/helper-health.js';
import { bytes, count, list, pid, schemaOf, text, time, time_ms, uid } from '../../model/schema.js';
import type { ChannelHealth } from '../../outputs/channels/channel.js';
import type { CollectorHealth } from '../../sources/host/health.js';
import type { ProgramHealth, SensorHealth } from '../../sources/kernel/health.js';
import type { StoreHealth } from '../../store/health.js';

const figure = z.number();

const program = schemaOf<ProgramHealth>()({
  name: text,
  state: z.enum(['off', 'starting', 'running', 'silent', 'backoff', 'unavailable']),
  problem: text.nullable(),
  received: count,
  unparsed: count,
  lost: count,
  restarts: count,
  pid: pid.nullable(),
  missing: z.array(text),
  starved: z.boolean(),
}).meta({ id: 'ProgramHealth', description: 'a program in the kernel' });

const sensor = schemaOf<SensorHealth>()({
  tier: z.enum(['fentry', 'tracepoint', 'procfs']),
  tier_reason: text,
  bpftrace_version: text.nullable(),
  programs: z.array(program),
}).meta({ id: 'SensorHealth', description: 'how it looks into the kernel' });

const helper = schemaOf<HelperHealth>()({
  uid,
  user: text,
  pid: pid.nullable(),
  state: z.enum(['running', 'restarting', 'hung', 'unavailable']),
  problem: text.nullable(),
  restarts: count,
  floods: count,
  dropped: count,
  rss_bytes: bytes,
  desktop: z
    .strictObject({
      session_bus: z.boolean(),
      compositor: z.enum(['sway', 'i3', 'hyprland', 'niri']).nullable(),
      note: text.nullable(),
    })
    .nullable(),
}).meta({
  id: 'HelperHealth',
  description: 'what runs as a user: it shows badges, popups and the tray icon, and reads the agents’ files',
});

const collector = schemaOf<CollectorHealth>()({
  name: text,
  state: z.enum(['new', 'ok', 'failing', 'absent', 'off']),
  duration_us: figure.nullable(),
  longest_us: figure,
  runs: count,
  failures: count,
  message: text.nullable(),
  advice: text.nullable(),
}).meta({ id: 'CollectorHealth' });

const channel = schemaOf<ChannelHealth>()({
  name: text,
  sent: count,
  failed: count,
  dropped: count,
  waiting: count,
  trouble: text.nullable(),
}).meta({ id: 'ChannelHealth' });

const history = schemaOf<StoreHealth>()({
  state: z.enum(['written', 'memory']),
  problem: text.nullable(),
  moved_aside: text.nullable(),
  path: text,
  bytes: bytes.nullable(),
  max_bytes: bytes,
  queued: count,
  lost: count,
  last_write_ms: time_ms.nullable(),
}).meta({ id: 'StoreHealth' });

const config = z.strictObject({
  file: text.describe('where it is, or would be'),
  problem: text
    .nullable()
    .describe('why the file as it is now cannot be used; the configuration before it stays in effect'),
  restart: list(text).describe('keys that the file sets to something else than what is in effect'),
  renamed: list(text)
    .optional()
    .describe('keys that the file names as they were called before, in words; for who sees everything'),
});
export type ConfigHealth = z.infer<typeof config>;

export const healthReportSchema = z
  .strictObject({
    status: z.enum(['healthy', 'degraded']).describe('degraded: it works, but something is missing'),
    problems: list(text),
    version: text,
    pid,
    started: time,
    uptime_s: figure,
    sensor,
    helpers: list(helper).describe(
      'the helpers that run as the users: one for each whose agents are watched',
    ),
    hands: list(helper).describe('the former name of `helpers`, for programs that ask for it'),
    modules: z
      .record(text, z.record(text, z.unknown()))
      .describe('what other parts say of themselves, by the name of the part'),
    agents: count,
    config,
    collectors: list(collector).describe('what the machine is asked for, and how that went'),
    history: history.nullable().describe('null: none is kept'),
    channels: list(channel).describe('where alerts are sent'),
    model: z.strictObject({
      unavailable: text.nullable().describe('why no model would be asked'),
      calls_today: count,
      tokens_today: count,
    }),
    actions: z.strictObject({ mode: text, dry_run: z.boolean(), paused: z.boolean() }),
    open_alerts: count,
    clients: count.describe('connections to the socket'),
    cpu_percent: figure.describe('of one core since the start'),
    rss_bytes: bytes,
    bpftrace_cpu_percent: figure,
    bpftrace_rss_bytes: bytes,
    loop: z
      .strictObject({ longest_pause_ms: figure, last_minute_ms: figure, start_pause_ms: figure })
      .describe(
        'for how long nothing else could be done at a time, at most: since it serves, in the last minute, and before',
      ),
    reading: z
      .strictObject({
        cut: z.strictObject({ arguments: count, environments: count, lists: count, files: count }),
        held: list(pid).describe('processes whose arguments cannot be read at present'),
      })
      .describe('what was not read, since the start'),
  })
  .meta({ id: 'HealthReport' });
export type HealthReport = z.infer<typeof healthReportSchema>;
