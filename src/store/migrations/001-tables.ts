import type { Migration } from './migration.js';

/** Spelled out, not made from the code of today: this is what version 1 was. */
const HOST_COLUMNS = [
  'cpu_busy_percent_x100',
  'cpu_iowait_percent_x100',
  'load1_x100',
  'load5_x100',
  'memory_total_kib',
  'memory_used_kib',
  'swap_total_kib',
  'swap_used_kib',
  'swap_in_per_s',
  'swap_out_per_s',
  'pressure_memory_some_percent_x100',
  'pressure_memory_full_percent_x100',
  'pressure_io_some_percent_x100',
  'pressure_io_full_percent_x100',
  'pressure_cpu_some_percent_x100',
  'disk_read_kib_per_s',
  'disk_write_kib_per_s',
  'disk_busy_percent_x100',
  'disk_latency_ms_x100',
  'filesystem_used_percent_x100',
  'network_received_kib_per_s',
  'network_sent_kib_per_s',
  'connections_established',
  'cpu_celsius_x10',
  'gpu_busy_percent_x100',
  'gpu_vram_used_kib',
  'gpu_celsius_x10',
  'processes',
];

const integers = (names: readonly string[]) => names.map(name => `${name} INTEGER`).join(', ');

const SESSION_COLUMNS = `
  session_id INTEGER NOT NULL, state TEXT NOT NULL, cpu_x10 INTEGER NOT NULL, rss_kib INTEGER NOT NULL,
  fds INTEGER, processes INTEGER NOT NULL, read_kib INTEGER, write_kib INTEGER, sockets INTEGER`;

/** `…_samples`: each snapshot that was kept; `…_minutes`: what is left of them later, `n` samples in one. */
export const tables: Migration = {
  version: 1,
  sql: `
    CREATE TABLE boots (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE);

    CREATE TABLE host_samples (time_ms INTEGER PRIMARY KEY, ${integers(HOST_COLUMNS)});
    CREATE TABLE host_minutes (time_ms INTEGER PRIMARY KEY, n INTEGER NOT NULL,
      ${integers(HOST_COLUMNS.flatMap(name => [name, `${name}_min`, `${name}_max`]))});

    CREATE TABLE sessions (
      id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER,
      agent TEXT NOT NULL, cwd TEXT, tty TEXT, uid INTEGER,
      started_ms INTEGER NOT NULL, ended_ms INTEGER, last_ms INTEGER NOT NULL);
    CREATE INDEX sessions_process ON sessions (boot, pid);
    CREATE TABLE session_samples (time_ms INTEGER NOT NULL, ${SESSION_COLUMNS},
      PRIMARY KEY (time_ms, session_id)) WITHOUT ROWID;
    CREATE TABLE session_minutes (time_ms INTEGER NOT NULL, n INTEGER NOT NULL, ${SESSION_COLUMNS},
      PRIMARY KEY (time_ms, session_id)) WITHOUT ROWID;
    CREATE TABLE transitions (
      id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, session_id INTEGER NOT NULL,
      from_state TEXT NOT NULL, to_state TEXT NOT NULL, reason TEXT, evidence TEXT NOT NULL, ending TEXT);
    CREATE INDEX transitions_time ON transitions (time_ms);
    CREATE INDEX transitions_session ON transitions (session_id, time_ms);

    CREATE TABLE processes (
      id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
      uid INTEGER NOT NULL, comm TEXT NOT NULL, cmdline TEXT NOT NULL, session_id INTEGER,
      started_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL);
    CREATE UNIQUE INDEX processes_process ON processes (boot, pid, start_ticks);
    CREATE TABLE process_samples (time_ms INTEGER PRIMARY KEY, entries BLOB NOT NULL);
    CREATE TABLE process_minutes (time_ms INTEGER PRIMARY KEY, n INTEGER NOT NULL, entries BLOB NOT NULL);

    CREATE TABLE alerts (
      row INTEGER PRIMARY KEY, id INTEGER NOT NULL, rule TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL,
      severity TEXT NOT NULL, uid INTEGER, opened_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
      resolved_ms INTEGER, alert TEXT NOT NULL, UNIQUE (id, opened_ms));
    CREATE INDEX alerts_opened ON alerts (opened_ms);
    CREATE INDEX alerts_status ON alerts (status);

    CREATE TABLE actions (
      row INTEGER PRIMARY KEY, id INTEGER NOT NULL, time_ms INTEGER NOT NULL, mode TEXT NOT NULL,
      requested_by TEXT NOT NULL, alert_id INTEGER, what TEXT NOT NULL, targets TEXT NOT NULL, argv TEXT,
      evidence TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, result TEXT, UNIQUE (id, time_ms));
    CREATE INDEX actions_time ON actions (time_ms);

    CREATE TABLE diagnoses (
      id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, alert_id INTEGER, provider TEXT NOT NULL,
      model TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
      cache_read_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL, answer TEXT NOT NULL);
    CREATE INDEX diagnoses_time ON diagnoses (time_ms);

    CREATE TABLE baselines (
      key TEXT NOT NULL, hour INTEGER NOT NULL, state TEXT NOT NULL, updated_ms INTEGER NOT NULL,
      PRIMARY KEY (key, hour)) WITHOUT ROWID;

    CREATE TABLE whitelist (
      id INTEGER PRIMARY KEY, pattern TEXT NOT NULL, match_type TEXT NOT NULL, reason TEXT,
      created_ms INTEGER NOT NULL, UNIQUE (pattern, match_type));

    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  `,
};
