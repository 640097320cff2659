import { z } from 'zod';
import { BY_GROUP } from '../model/config-key.js';
import { checkEntry, MATCH_TYPES } from './allowlist/whitelist.js';

/** `[thresholds]`, `[detection.*]` and `[allowlist]`: what counts as trouble, for how long, and for whom not. */

const percent = (value: number, words: string) => z.number().min(0).max(100).default(value).describe(words);

export const thresholds = z
  .strictObject({
    ram_warn_percent: percent(80, 'Memory in use from which there is a warning.'),
    ram_critical_percent: percent(90, 'Memory in use that is critical.'),
    memory_pressure_warn_percent: percent(
      10,
      'Share of time in which everything waited for memory (PSI `full`, last 10 s) that is high.',
    ),
    memory_pressure_critical_percent: percent(40, 'The same, critical.'),
    swap_warn_percent: percent(40, 'Swap in use from which there is a warning.'),
    swap_high_percent: percent(50, 'Swap in use that is high.'),
    swap_critical_percent: percent(80, 'Swap in use that is critical.'),
    cpu_load_factor: z
      .number()
      .min(0.1)
      .max(1000)
      .default(2)
      .describe('Load (1 min) per core from which the machine counts as overloaded.'),
    disk_min_free_percent: percent(10, 'Free space of a filesystem below which there is a warning.'),
    disk_critical_free_percent: percent(5, 'Free space below which it is critical.'),
    inodes_min_free_percent: percent(
      10,
      'Free inodes of a filesystem below which there is a warning; half of it is critical.',
    ),
    io_latency_max_ms: z
      .number()
      .min(1)
      .max(600_000)
      .default(500)
      .describe(
        'Mean time of a disk request from which the disk counts as slow; four times as much is high.',
      ),
    max_duplicate_processes: z
      .int()
      .min(1)
      .max(100_000)
      .default(5)
      .describe('More processes than this of the same interpreter and script are too many.'),
    storm_ram_percent: percent(
      10,
      'Duplicates or leftovers of an agent that together hold more memory than this are a storm.',
    ),
    zombie_timeout_s: z
      .int()
      .min(1)
      .max(604_800)
      .default(300)
      .describe('A zombie that nobody reaped for so long is reported.'),
    temperature_cpu_max: z
      .number()
      .min(1)
      .max(150)
      .default(85)
      .describe('Temperature of the CPU in °C that is high; 10 more is critical.'),
    temperature_gpu_max: z
      .number()
      .min(1)
      .max(150)
      .default(80)
      .describe('Temperature of a GPU in °C that is high; 10 more is critical.'),
    vram_max_percent: percent(95, 'Memory of a GPU in use from which there is a warning.'),
    agent_memory_max_mb: z
      .int()
      .min(1)
      .max(16_777_216)
      .default(4096)
      .describe('Resident memory of an agent’s own process from which there is a warning; twice is high.'),
  })
  .superRefine((keys, ctx) => {
    const ordered = (lower: keyof typeof keys, upper: keyof typeof keys) => {
      if (keys[lower] > keys[upper]) {
        ctx.addIssue({
          code: 'custom',
          path: [lower],
          message: `must not be above ${upper} (${keys[upper]})`,
        });
      }
    };
    ordered('ram_warn_percent', 'ram_critical_percent');
    ordered('memory_pressure_warn_percent', 'memory_pressure_critical_percent');
    ordered('swap_warn_percent', 'swap_high_percent');
    ordered('swap_high_percent', 'swap_critical_percent');
    ordered('disk_critical_free_percent', 'disk_min_free_percent');
  })
  .describe('From where on something is too much.')
  .meta(BY_GROUP);

const enabled = z.boolean().default(true).describe('Look for it.');

const seconds = (value: number, words: string) => z.int().min(0).max(604_800).default(value).describe(words);

const minutes = (value: number, words: string) =>
  z.number().min(0.1).max(1440).default(value).describe(words);

const LASTS = 'It must last so long.';

/** A rule with a switch, a duration, and keys of its own. */
function lasting<Keys extends z.ZodRawShape>(about: string, duration_s: number, keys: Keys) {
  return z
    .strictObject({ enabled, duration_s: seconds(duration_s, LASTS), ...keys })
    .describe(about)
    .prefault({} as never);
}

function momentary<Keys extends z.ZodRawShape>(about: string, keys: Keys) {
  return z
    .strictObject({ enabled, ...keys })
    .describe(about)
    .prefault({} as never);
}

const limit = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .max(500)
      .describe(
        'Name of the program, exact or with `*`, or with a slash or a space a part of its command line.',
      ),
    minutes: z.number().min(0.1).max(525_600).describe('How long it may run.'),
  })
  .describe('A program that must not run for longer than its limit.');

export const detection = z
  .strictObject({
    ram: lasting('Memory in use.', 30, {}),
    memory_pressure: lasting('Everything waits for memory (PSI).', 30, {}),
    swap: lasting('Swap in use.', 30, {}),
    load: lasting('Load of the machine.', 300, {}),
    fork_bomb: lasting('Processes that multiply.', 1, {
      min_processes: z
        .int()
        .min(10)
        .max(1_000_000)
        .default(300)
        .describe(
          'So many of one user, agent session and control group that came within 10 s or want to run. Builds do not count.',
        ),
      min_forks_per_s: z
        .number()
        .min(1)
        .max(1_000_000)
        .default(100)
        .describe(
          'Those that came within 10 s are told while the machine makes this many processes and threads a second, while some of them run for each core, or while they are half of what a limit allows.',
        ),
    }),
    cpu_high: lasting('A process that burns a core.', 60, {
      threshold_percent: z
        .number()
        .min(1)
        .max(100_000)
        .default(90)
        .describe('Of one core; twice as much is critical.'),
      attended_duration_s: seconds(
        1800,
        'What somebody waits for (a job of a terminal, a tool of an agent at work) may take so long.',
      ),
    }),
    hang: lasting('A process in uninterruptible sleep (state D).', 30, {}),
    stopped: lasting('A stopped process (state T) that nobody put aside at a terminal.', 30, {}),
    memory_full_soon: momentary('Memory that will be used up, as its pace says.', {
      within_minutes: minutes(
        10,
        'How soon, once two thirds are in use; before that it is said in the last moment only.',
      ),
    }),
    memory_leak: momentary('A process whose memory only grows.', {
      growth_threshold_mb: z
        .int()
        .min(1)
        .max(1_048_576)
        .default(500)
        .describe('More than this within the window.'),
      window_minutes: minutes(5, 'The window.'),
      warmup_s: seconds(60, 'What a process takes in its first seconds is no leak.'),
      slope_window_minutes: minutes(60, 'The longer window, for slow leaks; half of it must be known.'),
      slope_min_mb_per_hour: z
        .number()
        .min(1)
        .max(1_048_576)
        .default(100)
        .describe('A steady rise of more than this is a slow leak.'),
    }),
    runtime_limit: momentary('A program that runs for longer than it may.', {
      limits: z
        .array(limit)
        .max(256)
        .default([])
        .describe('The programs, one `[[detection.runtime_limit.limits]]` table each.')
        .meta(BY_GROUP),
    }),
    zombie: momentary('Zombies, with the parent that does not reap them.', {}),
    orphan: lasting('Processes that outlived their agent.', 60, {
      min_rss_mb: z
        .int()
        .min(0)
        .max(1_048_576)
        .default(100)
        .describe('Together they hold more than this, or'),
      min_cpu_percent: z.number().min(0).max(100_000).default(5).describe('burn more of a core than this.'),
    }),
    duplicates: momentary('The same script, many times over.', {
      min_age_s: seconds(60, 'Younger ones do not count: tools of a build come and go.'),
    }),
    ghost_process_storm: lasting(
      'Duplicates or leftovers of an agent that together hold much memory.',
      30,
      {},
    ),
    fd_leak: momentary('A process whose open files only grow in number.', {
      growth_threshold: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(500)
        .describe('More than this within the window.'),
      window_minutes: minutes(10, 'The window.'),
    }),
    disk_space: lasting('Free space of filesystems.', 10, {}),
    inodes: lasting('Free inodes of filesystems.', 10, {}),
    read_only_remount: momentary('A filesystem that became read-only.', {}),
    disk_full_soon: momentary('A filesystem that will be full soon, as its trend says.', {
      within_hours: z.number().min(0.1).max(720).default(24).describe('How soon.'),
    }),
    filesystem_hung: lasting('A filesystem that does not answer.', 0, {}),
    io_latency: lasting('A slow disk.', 60, {}),
    temperature_cpu: lasting('Temperature of the CPU.', 30, {}),
    temperature_gpu: lasting('Temperature of GPUs.', 30, {}),
    vram: lasting('Memory of GPUs.', 60, {}),
    oom_kill: momentary('The kernel ended a process because memory ran out.', {
      keep_minutes: minutes(10, 'How long it stays an open alert.'),
    }),
    unit_failing: momentary('A unit of systemd that fails again and again.', {
      failures: z.int().min(1).max(1000).default(3).describe('So many failures'),
      window_minutes: minutes(10, 'within this time.'),
    }),
    agent_spinning: lasting('An agent that waits for its user and yet burns CPU.', 120, {
      threshold_percent: z.number().min(1).max(100_000).default(50).describe('Of one core.'),
    }),
    agent_memory: lasting('Memory of an agent’s own process.', 30, {}),
    baseline_anomaly: lasting('A figure of the machine far above what is usual at this hour.', 300, {
      deviations: z
        .number()
        .min(1)
        .max(100)
        .default(3)
        .describe('So many standard deviations above the mean.'),
      min_days: z.int().min(1).max(365).default(3).describe('So many days must have been seen before.'),
    }),
  })
  .describe('The rules, a table each.')
  .meta(BY_GROUP);

const ignored = z
  .strictObject({
    pattern: z.string().min(1).max(500).describe('What to look for.'),
    match_type: z
      .enum(MATCH_TYPES)
      .default('name')
      .describe(
        '`name`: the name of the program, exact or with `*`; `cmdline`: a part of the command line; `regex`: a regular expression on the command line.',
      ),
    reason: z.string().max(500).default('').describe('Why, for whoever reads this later.'),
  })
  .superRefine((entry, ctx) => {
    const wrong = checkEntry(entry);
    if (wrong !== null) ctx.addIssue({ code: 'custom', path: ['pattern'], message: wrong });
  })
  .describe('Processes that no rule reports.');

/** The part of `[allowlist]` that is about reports. */
export const allowlistKeys = {
  ignore_commands: z
    .array(z.string().min(1).max(500))
    .max(1000)
    .default([])
    .describe('Names of programs that no rule reports, exact or with `*`, e.g. `["Xorg", "dbus*"]`.')
    .meta(BY_GROUP),
  ignore: z.array(ignored).max(1000).default([]).describe('The same by other marks.').meta(BY_GROUP),
};

export const allowlist = z.strictObject(allowlistKeys).describe('What is left in peace.').meta(BY_GROUP);

export const rulesSchema = z.strictObject({
  thresholds: thresholds.prefault({}),
  detection: detection.prefault({}),
  allowlist: allowlist.prefault({}),
});

export type RulesConfig = z.infer<typeof rulesSchema>;
