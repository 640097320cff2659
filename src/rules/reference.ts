import { bytesText, durationText } from '../lib/text/amounts.js';
import { RULES } from './checks/index.js';
import { type RulesConfig, rulesSchema } from './config.js';
import type { RuleName } from './engine/rule.js';

/** The table of docs/rules.md, from the schema's defaults. */

const BEGIN = '<!-- Made from src/rules/reference.ts by `make docs`: change that. -->';
const END = '<!-- End of what is made. -->';

/** When a rule fires and when its alert ends, in words. */
interface Figures {
  fires: string;
  /** It must last so long before it is said; 0: it is said at once. */
  lasts_s: number;
  /** What else is to be said of that time. */
  unless?: string;
  ends: string;
  /** It must be over for so long. */
  clear_s: number;
  severity: string;
}

const MB = 1024 * 1024;

const FIGURES: Readonly<Record<RuleName, (config: RulesConfig) => Figures>> = {
  ram: ({ thresholds: { ram_warn_percent: warning, ram_critical_percent: critical }, detection }) => ({
    fires: `≥ ${warning} / ${critical} % of the memory is in use`,
    lasts_s: detection.ram.duration_s,
    ends: `below ${figure(warning * 0.95)} %`,
    clear_s: 30,
    severity: 'warning / critical',
  }),
  memory_pressure: ({ thresholds, detection }) => ({
    fires: `≥ ${thresholds.memory_pressure_warn_percent} / ${thresholds.memory_pressure_critical_percent} % of the time all work waits for memory`,
    lasts_s: detection.memory_pressure.duration_s,
    ends: `below ${figure(thresholds.memory_pressure_warn_percent / 2)} %`,
    clear_s: 30,
    severity: 'high / critical',
  }),
  swap: ({ thresholds, detection }) => ({
    fires: `≥ ${thresholds.swap_warn_percent} / ${thresholds.swap_high_percent} / ${thresholds.swap_critical_percent} % of the swap is in use`,
    lasts_s: detection.swap.duration_s,
    ends: `below ${figure(thresholds.swap_warn_percent * 0.95)} %`,
    clear_s: 30,
    severity: 'warning / high / critical',
  }),
  load: ({ thresholds: { cpu_load_factor }, detection }) => ({
    fires: `the load is > ${cpu_load_factor} × the cores, and most of it is not wanted work`,
    lasts_s: detection.load.duration_s,
    ends: `at most ${figure(cpu_load_factor * 0.8)} ×, or wanted`,
    clear_s: 60,
    severity: 'warning',
  }),
  fork_bomb: ({ detection: { fork_bomb } }) => ({
    fires: `≥ ${fork_bomb.min_processes} processes of a user and control group want to run, or came within 10 s and are still being made (≥ ${fork_bomb.min_forks_per_s} a second)`,
    lasts_s: fork_bomb.duration_s,
    ends: `fewer than ${fork_bomb.min_processes} are there, or hardly any wants to run`,
    clear_s: 10,
    severity: 'high; critical from 50 for each core on, or at half of a limit',
  }),
  cpu_high: ({ detection: { cpu_high } }) => ({
    fires: `a process uses ≥ ${cpu_high.threshold_percent} / ${cpu_high.threshold_percent * 2} % of a core`,
    lasts_s: cpu_high.duration_s,
    unless: `attended ${time(cpu_high.attended_duration_s)}`,
    ends: `below ${figure(cpu_high.threshold_percent * 0.8)} %`,
    clear_s: 30,
    severity: 'warning / critical; attended info',
  }),
  agent_spinning: ({ detection: { agent_spinning } }) => ({
    fires: `an agent that is WAITING uses ≥ ${agent_spinning.threshold_percent} % of a core`,
    lasts_s: agent_spinning.duration_s,
    ends: `below ${figure(agent_spinning.threshold_percent * 0.8)} %, or no longer WAITING`,
    clear_s: 30,
    severity: 'warning',
  }),
  agent_memory: ({ thresholds: { agent_memory_max_mb }, detection }) => ({
    fires: `an agent’s own process holds ≥ ${bytesText(agent_memory_max_mb * MB)} / ${bytesText(agent_memory_max_mb * 2 * MB)}`,
    lasts_s: detection.agent_memory.duration_s,
    ends: `below ${bytesText(agent_memory_max_mb * 0.9 * MB)}`,
    clear_s: 60,
    severity: 'warning / high; critical when the machine’s memory lasts < 10 min',
  }),
  memory_full_soon: ({ detection: { memory_full_soon } }) => ({
    fires: `the memory, or that below a limit, will be used up within ${memory_full_soon.within_minutes} min, by its pace, and two thirds are in use; within 25 s in any case`,
    lasts_s: 0,
    ends: 'it goes on no longer',
    clear_s: 5,
    severity: 'warning; high within 2 min, critical within 30 s; high when less than two thirds are in use',
  }),
  memory_leak: ({ detection: { memory_leak } }) => ({
    fires: `a process took > ${memory_leak.growth_threshold_mb} MB in ${memory_leak.window_minutes} min, or takes > ${memory_leak.slope_min_mb_per_hour} MB an hour for ${memory_leak.slope_window_minutes / 2} min or more`,
    lasts_s: 0,
    ends: 'less than half of that',
    clear_s: 120,
    severity: 'warning; high when the machine’s memory lasts ≤ 30 min, critical ≤ 5 min',
  }),
  fd_leak: ({ detection: { fd_leak } }) => ({
    fires: `a process opened > ${fd_leak.growth_threshold} more files in ${fd_leak.window_minutes} min`,
    lasts_s: 0,
    ends: 'less than half of that',
    clear_s: 120,
    severity: 'warning',
  }),
  hang: ({ detection }) => ({
    fires: 'a process is in state D, and nothing of it moves',
    lasts_s: detection.hang.duration_s,
    ends: 'it moves, or is gone',
    clear_s: 20,
    severity: 'high',
  }),
  stopped: ({ detection }) => ({
    fires: 'a process is in state T, put aside by nobody',
    lasts_s: detection.stopped.duration_s,
    ends: 'it goes on, or is gone',
    clear_s: 10,
    severity: 'warning',
  }),
  zombie: ({ thresholds }) => ({
    fires: 'a process is in state Z',
    lasts_s: thresholds.zombie_timeout_s,
    ends: 'it is reaped',
    clear_s: 10,
    severity: 'warning; high from 100 of one parent on',
  }),
  runtime_limit: () => ({
    fires: 'a program runs for longer than you allow it',
    lasts_s: 0,
    ends: 'it is gone',
    clear_s: 10,
    severity: 'warning',
  }),
  orphan: ({ detection: { orphan } }) => ({
    fires: `what an ended agent left holds > ${orphan.min_rss_mb} MB, or uses > ${orphan.min_cpu_percent} % of a core`,
    lasts_s: orphan.duration_s,
    ends: `at most ${figure(orphan.min_rss_mb * 0.8)} MB and ${figure(orphan.min_cpu_percent / 2)} %`,
    clear_s: 20,
    severity: 'warning; high above 10 % of the memory',
  }),
  duplicates: ({ thresholds: { max_duplicate_processes }, detection }) => ({
    fires: `> ${max_duplicate_processes} processes run the same script, each for ${time(detection.duplicates.min_age_s)} or more`,
    lasts_s: 0,
    ends: `${max_duplicate_processes} or fewer`,
    clear_s: 30,
    severity: 'warning',
  }),
  ghost_process_storm: ({ thresholds: { storm_ram_percent }, detection }) => ({
    fires: `leftovers or duplicates hold > ${storm_ram_percent} % of the memory`,
    lasts_s: detection.ghost_process_storm.duration_s,
    ends: `below ${figure(storm_ram_percent * 0.8)} %`,
    clear_s: 30,
    severity: `high; critical above ${Math.max(33, storm_ram_percent)} %, or when < 10 % of the memory is left`,
  }),
  oom_kill: ({ detection: { oom_kill } }) => ({
    fires: 'the kernel ended a process because memory ran out',
    lasts_s: 0,
    ends: `${time(oom_kill.keep_minutes * 60)} later`,
    clear_s: 0,
    severity: 'critical; high when only a limit was hit and the agent itself lives',
  }),
  disk_space: ({ thresholds, detection }) => ({
    fires: `< ${thresholds.disk_min_free_percent} / ${thresholds.disk_critical_free_percent} % of a filesystem is free`,
    lasts_s: detection.disk_space.duration_s,
    ends: `${thresholds.disk_min_free_percent + 1} % or more`,
    clear_s: 30,
    severity: 'warning / critical',
  }),
  inodes: ({ thresholds: { inodes_min_free_percent: warning }, detection }) => ({
    fires: `< ${warning} / ${figure(warning / 2)} % of the inodes of a filesystem are free`,
    lasts_s: detection.inodes.duration_s,
    ends: `${warning + 1} % or more`,
    clear_s: 30,
    severity: 'warning / critical',
  }),
  read_only_remount: () => ({
    fires: 'a filesystem is read-only, and was not before',
    lasts_s: 0,
    ends: 'it is writable, or gone',
    clear_s: 10,
    severity: 'critical',
  }),
  disk_full_soon: ({ detection: { disk_full_soon } }) => ({
    fires: `a filesystem will be full within ${disk_full_soon.within_hours} h, by its trend of an hour or more`,
    lasts_s: 60,
    ends: `not within ${figure(disk_full_soon.within_hours * 1.2)} h`,
    clear_s: 600,
    severity: `warning; high within ${figure(disk_full_soon.within_hours / 12)} h`,
  }),
  filesystem_hung: ({ detection }) => ({
    fires: 'a filesystem did not answer for 5 s',
    lasts_s: detection.filesystem_hung.duration_s,
    ends: 'it answers, or is gone',
    clear_s: 10,
    severity: 'high',
  }),
  io_latency: ({ thresholds: { io_latency_max_ms }, detection }) => ({
    fires: `a request to a disk takes ≥ ${io_latency_max_ms} / ${io_latency_max_ms * 4} ms on average`,
    lasts_s: detection.io_latency.duration_s,
    ends: `below ${figure(io_latency_max_ms / 2)} ms`,
    clear_s: 60,
    severity: 'warning / high',
  }),
  temperature_cpu: ({ thresholds: { temperature_cpu_max }, detection }) => ({
    ...hot('the CPU', temperature_cpu_max),
    lasts_s: detection.temperature_cpu.duration_s,
  }),
  temperature_gpu: ({ thresholds: { temperature_gpu_max }, detection }) => ({
    ...hot('a GPU', temperature_gpu_max),
    lasts_s: detection.temperature_gpu.duration_s,
  }),
  vram: ({ thresholds: { vram_max_percent }, detection }) => ({
    fires: `≥ ${vram_max_percent} % of the memory of a GPU is in use`,
    lasts_s: detection.vram.duration_s,
    ends: `below ${figure(vram_max_percent * 0.95)} %`,
    clear_s: 30,
    severity: 'warning',
  }),
  unit_failing: ({ detection: { unit_failing } }) => ({
    fires: `a unit failed ${unit_failing.failures} times in ${unit_failing.window_minutes} min`,
    lasts_s: 0,
    ends: 'fewer',
    clear_s: 30,
    severity: 'high',
  }),
  baseline_anomaly: ({ detection: { baseline_anomaly } }) => ({
    fires: `a figure is > ${baseline_anomaly.deviations} deviations above what is usual at this hour`,
    lasts_s: baseline_anomaly.duration_s,
    ends: `below ${figure(baseline_anomaly.deviations * 0.8)} deviations`,
    clear_s: 300,
    severity: 'info',
  }),
};

function hot(what: string, limit: number): Omit<Figures, 'lasts_s'> {
  return {
    fires: `${what} has ≥ ${limit} / ${limit + 10} °C`,
    ends: `below ${limit - 5} °C`,
    clear_s: 30,
    severity: 'high / critical',
  };
}

/** A row for each rule. */
export function rulesTable(): string {
  const defaults = rulesSchema.parse({});
  const rows = RULES.map(({ name }) => {
    const { fires, lasts_s, unless, ends, clear_s, severity } = FIGURES[name](defaults);
    const lasts = [time(lasts_s), unless].filter(Boolean).join('; ');
    return `| [\`${name}\`](#${name}) | ${fires} | ${lasts} | ${ends} | ${time(clear_s)} | ${severity} |`;
  });
  return [
    '| Rule | Fires when | for | Ends when | for | Severity |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The page with the table as it must be. @throws when it has no place for one */
export function withRulesTable(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no place for the table between "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${rulesTable()}\n\n${page.slice(end)}`;
}

function time(seconds: number): string {
  return seconds === 0 ? '–' : durationText(seconds * 1000);
}

/** Without the noise of floating point. */
function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
