import type { HistoryReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { clip } from '../../lib/text/width.js';
import { duration, shortPath, shortTime } from '../ui/format.js';
import { ticks } from './axis.js';
import type { Span } from './chart-lines.js';
import { at, html } from './escape.js';

/** Sessions and alerts as bars over the period, a line each. */

const WIDTH = 1060;
const NAMES = 250;
const RIGHT = 14;
const ROW = 22;
const BAR = 11;
const MOST_SESSIONS = 24;
const MOST_RULES = 12;

interface Row {
  name: string;
  /** SVG, for a middle line at `y`. */
  bars(y: number): string;
}

/** Empty where there was neither. */
export function timeline(report: HistoryReport, span: Span, home: string | null): string {
  const rows = [...sessionRows(report, span, home), ...ruleRows(report, span)];
  if (rows.length === 0) return '';
  const height = rows.length * ROW + 34;
  const body = rows.map((row, i) => {
    const y = 12 + i * ROW;
    return `<text class="name" x="14" y="${y + 4}">${html(clip(printable(row.name, 200), 36))}</text>${row.bars(y)}`;
  });
  const axis = ticks(span.from_ms, span.to_ms, 12).map(({ time_ms, label }) => {
    const place = at(x(time_ms, span));
    return `<line class="grid" x1="${place}" x2="${place}" y1="0" y2="${height - 24}"/><text x="${place}" y="${height - 8}" text-anchor="middle">${html(label)}</text>`;
  });
  return `<div class="card"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Sessions and alerts over time">${axis.join('')}${body.join('')}</svg>
<div class="key"><span><i class="k-work"></i>share of work</span><span><i class="k-wait"></i>of waiting</span><span><i class="k-life"></i>not known</span><span><i class="k-warning"></i>alert</span><span><i class="k-high"></i>high or critical</span></div></div>`;
}

function x(time_ms: number, { from_ms, to_ms }: Span): number {
  const share = Math.min(1, Math.max(0, (time_ms - from_ms) / (to_ms - from_ms)));
  return NAMES + share * (WIDTH - NAMES - RIGHT);
}

function bar(kind: string, begin: number, end: number, y: number, hint: string): string {
  const width = at(Math.max(2, end - begin));
  return `<rect class="${kind}" x="${at(begin)}" y="${at(y - BAR / 2)}" width="${width}" height="${BAR}" rx="2"><title>${html(hint)}</title></rect>`;
}

/** The length is the life of the session, the colours are shares of it: when each was is not in a report. */
function sessionRows({ sessions }: HistoryReport, span: Span, home: string | null): Row[] {
  return sessions.slice(0, MOST_SESSIONS).map(session => {
    const { agent, cwd, pid, started_ms, ended_ms, last_ms, work_ms, wait_ms } = session;
    const where = cwd === null ? String(pid) : shortPath(cwd, home, '');
    const hint = `${agent}[${pid}] from ${shortTime(started_ms)}: worked ${duration(work_ms)}, waited ${duration(wait_ms)}`;
    return {
      name: `${agent} ${where}`,
      bars: y => {
        const begin = x(started_ms, span);
        const end = x(ended_ms ?? last_ms, span);
        const life = Math.max(
          1,
          Math.min(span.to_ms, ended_ms ?? last_ms) - Math.max(span.from_ms, started_ms),
        );
        const share = (ms: number): number => (end - begin) * Math.min(1, ms / life);
        const worked = begin + share(work_ms);
        const waited = Math.min(end, worked + share(wait_ms));
        return (
          bar('life', begin, end, y, hint) +
          (wait_ms > 0 ? bar('wait', worked, waited, y, hint) : '') +
          (work_ms > 0 ? bar('work', begin, worked, y, hint) : '')
        );
      },
    };
  });
}

function ruleRows({ alerts }: HistoryReport, span: Span): Row[] {
  const rules = [...new Set(alerts.map(({ rule }) => rule))].slice(0, MOST_RULES);
  return rules.map(rule => ({
    name: rule,
    bars: y =>
      alerts
        .filter(alert => alert.rule === rule)
        .map(({ title, severity, opened, resolved }) => {
          const end_ms = resolved === null ? span.to_ms : Date.parse(resolved);
          const hint = `${title}: ${shortTime(Date.parse(opened))}, ${resolved === null ? 'open' : `for ${duration(end_ms - Date.parse(opened))}`}`;
          return bar(severity, x(Date.parse(opened), span), x(end_ms, span), y, hint);
        })
        .join(''),
  }));
}
