import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { HistoryReport, HostFacts } from '../../api/client/index.js';
import { VERSION } from '../../lib/files/package.js';
import { bytes, duration, percent, shortTime } from '../ui/format.js';
import { factsLine } from '../ui/host-facts.js';
import type { Cell, Column } from '../ui/table.js';
import { chartsOf } from './charts.js';
import { html } from './escape.js';
import type { Listing } from './listing.js';
import { STYLE } from './page-style.js';
import { plot } from './plot.js';
import { listings, modelText } from './tables.js';
import { timeline } from './timeline.js';

/** The report as one HTML file. Whatever opens it may neither load nor run anything: the style alone is named. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

const ROWS = 50;

export function page(
  report: HistoryReport,
  period: string,
  home: string | null,
  facts: HostFacts | null = null,
  host = hostname(),
): string {
  const span = { from_ms: Date.parse(report.from), to_ms: Date.parse(report.to) };
  const charts = chartsOf(report);
  const title = `${host}: the last ${period}`;
  const times = timeline(report, span, home);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${html(title)} · vigil</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(title)}</h1>
<p class="soft">${html(`${shortTime(span.from_ms)} to ${shortTime(span.to_ms)}, local time`)}</p>
${facts === null ? '' : `<p class="soft">${html(factsLine(facts))}</p>\n`}</header>
${tiles(report)}
<h2>The machine</h2>
${charts.length === 0 ? '<p class="soft">It was not measured in this time.</p>' : `<div class="charts">\n${charts.map(chart => plot(chart, span)).join('\n')}\n</div>`}
${times === '' ? '' : `<h2>Sessions and alerts over time</h2>\n${times}`}
${listings(report, { home, rows: ROWS }).map(section).join('\n')}
<footer>${html(modelText(report))}<br>Made by vigil ${html(VERSION)}. The line of a plot is the mean, its band goes from the least to the most; grey means: not measured.</footer>
</body>
</html>
`;
}

function tiles(report: HistoryReport): string {
  const { sessions, alerts, actions, model } = report;
  const charts = new Map(chartsOf(report).map(chart => [chart.title, chart]));
  const shown: [figure: string, words: string][] = [];
  const cpu = charts.get('CPU');
  if (cpu !== undefined) shown.push([percent(cpu.avg), `CPU on average, ${percent(cpu.max)} at most`]);
  const memory = charts.get('Memory');
  if (memory !== undefined) shown.push([bytes(memory.max), `memory at most, of ${bytes(memory.top)}`]);
  const work_ms = sessions.reduce((sum, { work_ms }) => sum + work_ms, 0);
  shown.push([
    String(sessions.length),
    `${noun(sessions.length, 'agent session')}, ${duration(work_ms)} of work`,
  ]);
  const open = alerts.filter(({ status }) => status === 'open').length;
  shown.push([String(alerts.length), `${noun(alerts.length, 'alert')}, ${open === 0 ? 'none' : open} open`]);
  shown.push([String(actions.length), noun(actions.length, 'action')]);
  if (model.requests > 0)
    shown.push([String(model.requests), `${noun(model.requests, 'question')} to a language model`]);
  const items = shown.map(([figure, words]) => `<li><b>${html(figure)}</b><span>${html(words)}</span></li>`);
  return `<ul class="tiles">${items.join('')}</ul>`;
}

function noun(count: number, one: string): string {
  return count === 1 ? one : `${one}s`;
}

function section({ title, columns, rows, none, note }: Listing): string {
  if (rows.length === 0)
    return none === '' ? '' : `<h2>${html(title)}</h2>\n<p class="soft">${html(none)}</p>`;
  return `<h2>${html(title)}</h2>
<div class="card"><table>
<tr>${columns.map(heading).join('')}</tr>
${rows.map(cells => `<tr>${cells.map((cell, i) => data(cell, columns[i]!)).join('')}</tr>`).join('\n')}
</table></div>${note === null ? '' : `\n<p class="soft">${html(note)}</p>`}`;
}

function heading({ title, align }: Column): string {
  const words = title.charAt(0) + title.slice(1).toLowerCase();
  const shown = words.replace(/\b(cpu|pid|id)\b/gi, word => word.toUpperCase());
  return `<th${align === 'right' ? ' class="number"' : ''}>${html(shown)}</th>`;
}

function data({ text, styles = [] }: Cell, { align, min }: Column): string {
  const names = [
    ...(align === 'right' ? ['number'] : min === undefined ? ['short'] : []),
    ...styles.filter(style => style !== 'bold'),
  ];
  return `<td${names.length === 0 ? '' : ` class="${names.join(' ')}"`}>${html(text)}</td>`;
}
