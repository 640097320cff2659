import type { HealthReport, HelperHealth } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, PROBLEM } from '../command.js';
import type { Io } from '../io.js';
import { bytes, duration, percent } from '../ui/format.js';
import { paint } from '../ui/style.js';
import { fitted } from '../ui/wrap.js';

export const health = defineCommand({
  usage: 'health',
  describe: 'Say whether vigil works as it should, and how it looks into the kernel',
  details: [
    'Exits 0 when healthy, 1 when degraded (it works, but something is missing), 2 when it is not running.',
  ],
  options: { json: JSON_OPTION },
  async run({ json, runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      const report = await client.call('health');
      printAnswer(io, json, report, () => fitted(healthText(report, io), io.columns));
      return report.status === 'healthy' ? OK : PROBLEM;
    });
  },
});

function healthText(report: HealthReport, io: Io): string[] {
  const { sensor } = report;
  const well = report.status === 'healthy';
  return [
    `${paint(report.status, [well ? 'green' : 'yellow'], io.color)}: vigil ${report.version}, pid ${report.pid}, up ${duration(report.uptime_s * 1000)}, ${counted(report.agents, 'agent')}, ${counted(report.clients, 'client')}`,
    ...report.problems.map(problem => paint(`  ! ${printable(problem, 400)}`, ['yellow'], io.color)),
    `sensor: ${sensor.tier} (${printable(sensor.tier_reason, 400)}), bpftrace ${printable(sensor.bpftrace_version ?? 'none', 40)}`,
    ...sensor.programs.flatMap(programLines),
    ...newerAgents(report),
    ...report.helpers.map(helperLine),
    configLine(report.config),
    collectorsLine(report),
    historyLine(report),
    ...report.channels.map(channelLine),
    modelLine(report),
    actionsLine(report),
    `cost: vigil ${percent(report.cpu_percent)} CPU, ${bytes(report.rss_bytes)}; bpftrace ${percent(report.bpftrace_cpu_percent)} CPU, ${bytes(report.bpftrace_rss_bytes)}`,
    loopLine(report.loop),
    ...readingLines(report.reading),
  ];
}

function programLines(program: HealthReport['sensor']['programs'][number]): string[] {
  const { name, state, received, unparsed, lost, restarts, pid, problem, missing } = program;
  const where = pid === null ? '' : ` (pid ${pid})`;
  return [
    `  ${printable(name, 40)}: ${state}${where}, ${received} received, ${unparsed} not understood, ${lost} lost, ${counted(restarts, 'restart')}`,
    ...(problem === null ? [] : [`    ${printable(problem, 400)}`]),
    ...missing.map(feature => `    missing: ${printable(feature, 400)}`),
  ];
}

/** A new version of an agent may write something else than what vigil reads. */
function newerAgents({ modules }: HealthReport): string[] {
  const newer = modules['agent versions']?.newer_than_tested;
  return (Array.isArray(newer) ? newer : []).map(words => `agent: ${printable(String(words), 200)}`);
}

function configLine({ file, restart, renamed = [] }: HealthReport['config']): string {
  const waits = restart.length === 0 ? '' : `; waits for a restart: ${restart.join(', ')}`;
  const former = renamed.map(words => `; ${printable(words, 300)}`).join('');
  return `configuration: ${printable(file, 300)}${waits}${former}`;
}

function helperLine(health: HelperHealth): string {
  const { user, state, pid, restarts, floods, dropped, rss_bytes, desktop } = health;
  const where = pid === null ? '' : ` (pid ${pid}, ${bytes(rss_bytes)})`;
  const found = [desktop?.compositor, desktop?.session_bus ? 'session bus' : null, desktop?.note];
  const shown = found.filter(part => part != null).map(part => printable(part, 200));
  const trouble = [
    floods > 0 ? `flooded ${counted(floods, 'time')}` : null,
    dropped > 0 ? `${counted(dropped, 'message')} left out` : null,
  ].filter(part => part !== null);
  return [
    `helper of ${printable(user, 40)}: ${state}${where}`,
    ...shown,
    counted(restarts, 'restart'),
    ...trouble,
  ].join(', ');
}

function collectorsLine({ collectors }: HealthReport): string {
  const names = (state: string) =>
    collectors.filter(collector => collector.state === state).map(({ name }) => printable(name, 40));
  const absent = names('absent');
  const took_us = collectors.reduce((sum, { duration_us }) => sum + (duration_us ?? 0), 0);
  const off = names('off');
  const not = absent.length === 0 ? '' : `, not here: ${absent.join(', ')}`;
  const switchedOff = off.length === 0 ? '' : `, off: ${off.join(', ')}`;
  return `collectors: ${names('ok').length} work, ${(took_us / 1000).toFixed(1)} ms a round${not}${switchedOff}`;
}

function historyLine({ history, open_alerts }: HealthReport): string {
  const alerts = `${counted(open_alerts, 'open alert')}`;
  if (history === null) return `history: none is kept; ${alerts}`;
  const { bytes: size, max_bytes, queued, lost, moved_aside } = history;
  const parts = [
    size === null ? printable(history.path, 200) : `${bytes(size)} of ${bytes(max_bytes)}`,
    `${queued} waiting`,
    lost > 0 ? `${lost} lost` : null,
    moved_aside === null ? null : `a damaged one is now ${printable(moved_aside, 200)}`,
    alerts,
  ];
  return `history: ${parts.filter(part => part !== null).join(', ')}`;
}

function channelLine({ name, sent, failed, dropped, waiting }: HealthReport['channels'][number]): string {
  return `channel ${printable(name, 60)}: ${sent} sent, ${waiting} waiting, ${failed} failed, ${dropped} dropped`;
}

function modelLine({ model: { unavailable, calls_today, tokens_today } }: HealthReport): string {
  const used = `${counted(calls_today, 'question')} and ${tokens_today} tokens within 24 hours`;
  return unavailable === null ? `model: ready, ${used}` : `model: ${printable(unavailable, 300)}`;
}

function actionsLine({ actions: { mode, dry_run, paused } }: HealthReport): string {
  return `actions: ${printable(mode, 20)}${dry_run ? ', dry run' : ''}${paused ? ', paused' : ''}`;
}

/** A second is long for who waits for an answer, and no fault of vigil's where the machine has no time for it. */
const LONG_PAUSE_MS = 1_000;

function loopLine({ longest_pause_ms, last_minute_ms, start_pause_ms }: HealthReport['loop']): string {
  const note = last_minute_ms > LONG_PAUSE_MS ? ': it got no turn, or too much to do at once' : '';
  return `longest pause: ${longest_pause_ms} ms, ${last_minute_ms} ms in the last minute, ${start_pause_ms} ms while it started${note}`;
}

function readingLines({ cut, held }: HealthReport['reading']): string[] {
  const parts = Object.entries(cut).flatMap(([what, times]) => (times > 0 ? [`${what} ${times} times`] : []));
  const pids =
    held.length === 1 ? `pid ${held[0]} does not let its` : `pids ${held.join(', ')} do not let their`;
  return [
    ...(parts.length === 0 ? [] : [`longer than what is read of them: ${parts.join(', ')}`]),
    ...(held.length === 0 ? [] : [`${pids} arguments be read`]),
  ];
}
