import { type AlertReport, type HistoryReport, REPORT_LIMITS } from '../../api/client/index.js';
import { counted } from '../../lib/text/amounts.js';
import { printable } from '../../lib/text/printable.js';
import { alertName } from '../target.js';
import { bytes, duration, percent, severityStyles, shortPath, shortTime } from '../ui/format.js';
import type { Cell } from '../ui/table.js';
import type { Listing, ListingOptions } from './listing.js';
import { cpuListing, memoryListing } from './process-tables.js';
import { byRule } from './rules.js';

/** The tables of a report: the same for the terminal and the HTML file. */

export function listings(report: HistoryReport, options: ListingOptions): Listing[] {
  return [
    sessionListing(report, options),
    ruleListing(report),
    alertListing(report, options),
    actionListing(report, options),
    memoryListing(report, options),
    cpuListing(report, options),
  ];
}

/** What is not shown; a report that is full has left out older ones itself. */
function left(all: number, shown: number, limit: number): string | null {
  if (all >= limit) return `… and more: only the latest ${limit} are counted`;
  return all > shown ? `… and ${all - shown} more` : null;
}

function sessionListing(report: HistoryReport, { home, rows }: ListingOptions): Listing {
  const { sessions } = report;
  return {
    title: 'Agent sessions',
    columns: [
      { title: 'AGENT' },
      { title: 'PROJECT', min: 16, cut: 'start', rank: 9 },
      { title: 'STARTED', rank: 5 },
      { title: 'LASTED', align: 'right', rank: 4 },
      { title: 'WORKED', align: 'right' },
      { title: 'WAITED', align: 'right' },
      { title: 'CHANGES', align: 'right', rank: 2 },
      { title: 'MEMORY', align: 'right', rank: 8 },
      { title: 'CPU', align: 'right', rank: 1 },
    ],
    rows: sessions.slice(0, rows).map(session => {
      const ended_ms = session.ended_ms ?? session.last_ms;
      return [
        { text: printable(session.agent, 32), styles: session.ended_ms === null ? ['green'] : [] },
        { text: session.cwd === null ? '-' : printable(shortPath(session.cwd, home, ''), 300) },
        { text: shortTime(session.started_ms) },
        { text: duration(ended_ms - session.started_ms) },
        { text: duration(session.work_ms) },
        { text: duration(session.wait_ms) },
        { text: String(session.transitions) },
        { text: session.peak_rss_bytes === null ? '-' : bytes(session.peak_rss_bytes) },
        { text: session.mean_cpu_percent === null ? '-' : percent(session.mean_cpu_percent) },
      ];
    }),
    none: 'No agent ran.',
    note: left(sessions.length, rows, REPORT_LIMITS.sessions),
  };
}

function ruleListing(report: HistoryReport): Listing {
  const sums = byRule(report.alerts, Date.parse(report.from), Date.parse(report.to));
  return {
    title: 'Alerts by rule',
    columns: [
      { title: 'RULE', min: 8 },
      { title: 'ALERTS', align: 'right' },
      { title: 'OPEN', align: 'right' },
      { title: 'WORST' },
      { title: 'TOGETHER', align: 'right', rank: 1 },
      { title: 'LAST', rank: 2 },
    ],
    rows: sums.map(sum => [
      { text: printable(sum.rule, 60) },
      { text: String(sum.count) },
      { text: sum.open === 0 ? '-' : String(sum.open) },
      { text: sum.worst, styles: severityStyles(sum.worst) },
      { text: duration(sum.open_ms) },
      { text: shortTime(sum.last_opened_ms) },
    ]),
    none: 'There was no alert.',
    note: left(report.alerts.length, report.alerts.length, REPORT_LIMITS.alerts),
  };
}

function alertListing(report: HistoryReport, { rows }: ListingOptions): Listing {
  return {
    title: 'Latest alerts',
    columns: [
      { title: 'ID' },
      { title: 'OPENED', rank: 2 },
      { title: 'FOR', align: 'right' },
      { title: 'SEVERITY', rank: 1 },
      { title: 'WHAT', min: 16 },
    ],
    rows: report.alerts.slice(0, rows).map(alert => alertRow(alert, Date.parse(report.to))),
    none: '',
    note: left(report.alerts.length, rows, REPORT_LIMITS.alerts),
  };
}

function alertRow(alert: AlertReport, to_ms: number): Cell[] {
  const open = alert.resolved === null;
  const life = duration((open ? to_ms : Date.parse(alert.resolved!)) - Date.parse(alert.opened));
  const styles = open ? severityStyles(alert.severity) : (['dim'] as const);
  return [
    { text: alertName(alert.id) },
    { text: shortTime(Date.parse(alert.opened)) },
    { text: open ? `open ${life}` : life },
    { text: alert.severity, styles },
    { text: printable(alert.title, 300), styles: open ? styles : [] },
  ];
}

function actionListing({ actions }: HistoryReport, { rows }: ListingOptions): Listing {
  return {
    title: 'Actions',
    columns: [
      { title: 'TIME' },
      { title: 'MODE', rank: 1 },
      { title: 'WHAT' },
      { title: 'TARGETS', min: 10, rank: 4 },
      { title: 'ASKED BY', min: 8, rank: 2 },
      { title: 'RESULT', min: 12, rank: 5 },
    ],
    rows: actions
      .slice(0, rows)
      .map(action => [
        { text: shortTime(action.time_ms) },
        { text: printable(action.mode, 20) },
        { text: printable(action.what, 40) },
        { text: targetsText(action) },
        { text: printable(action.requested_by, 60) },
        { text: action.result === null ? 'under way' : printable(action.result, 200) },
      ]),
    none: 'vigil did nothing to any process.',
    note: left(actions.length, rows, REPORT_LIMITS.actions),
  };
}

function targetsText({ targets, targets_total, damaged }: HistoryReport['actions'][number]): string {
  const [first] = targets;
  if (first === undefined)
    return damaged ? '(damaged)' : targets_total > 0 ? counted(targets_total, 'process') : '-';
  const name = `${printable(first.comm, 32)}[${first.pid}]`;
  return targets_total <= 1 ? name : `${name} and ${counted(targets_total - 1, 'other')}`;
}

/** What was asked of a language model, in one sentence. */
export function modelText({ model }: HistoryReport): string {
  const { requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = model;
  if (requests === 0) return 'No language model was asked.';
  const number = (value: number): string => value.toLocaleString('en-US');
  const cached =
    cache_read_tokens + cache_write_tokens > 0
      ? ` (and ${number(cache_read_tokens)} read from, ${number(cache_write_tokens)} written to its cache)`
      : '';
  return `A language model was asked ${counted(requests, 'time')}: ${number(input_tokens)} tokens in${cached}, ${number(output_tokens)} out.`;
}
