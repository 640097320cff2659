import type { AlertReport, ProcessReport } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { alertName } from '../target.js';
import { bytes, clockTime, duration, percent } from '../ui/format.js';

/** Everything about one row, as plain lines. */

const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for a device',
  T: 'stopped',
  t: 'traced',
  Z: 'zombie',
  I: 'idle',
};

export function processDetails(process: ProcessReport, now_ms: number): string[] {
  const { pid, ppid, uid, state, started, threads, cpu_percent, rss_bytes, session, cmdline } = process;
  const age = duration(now_ms - Date.parse(started));
  return [
    `Process ${pid}, parent ${ppid}, uid ${uid}`,
    `State   ${STATES[state] ?? printable(state, 10)}, ${counted(threads, 'thread')}`,
    `Started ${clockTime(started)}, ${age} ago`,
    `CPU     ${cpu_percent === null ? 'not known yet' : `${percent(cpu_percent)} of one core`}`,
    `Memory  ${bytes(rss_bytes)}`,
    `Agent   ${session === null ? 'of none' : `session of ${session}`}`,
    '',
    printable(cmdline, 2_000),
  ];
}

export function alertDetails(alert: AlertReport, now_ms: number): string[] {
  const { id, rule, severity, opened, updated, text, suggestion, subject, numbers } = alert;
  const shown = subject.processes.slice(0, 50);
  const more = subject.processes.length - shown.length;
  return [
    `Alert ${alertName(id)}, ${severity}, rule ${printable(rule, 60)}`,
    `Opened ${clockTime(opened)}, ${duration(now_ms - Date.parse(opened))} ago; last change ${clockTime(updated)}`,
    '',
    printable(text, 4_000),
    ...(subject.lineage === null ? [] : [`From: ${printable(subject.lineage, 1_000)}`]),
    ...(suggestion === null ? [] : ['', `→ ${printable(suggestion, 2_000)}`]),
    ...(shown.length === 0 ? [] : ['', 'Processes:']),
    ...shown.map(({ pid, cmdline }) => `  ${String(pid).padStart(7)}  ${printable(cmdline, 300)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
    ...Object.entries(numbers).map(([name, value]) => `${printable(name, 60)} ${value}`),
  ];
}
