import type { HistoryReport, HostFacts } from '../../api/client/index.js';
import { clip } from '../../lib/text/width.js';
import type { Io } from '../io.js';
import { shortTime } from '../ui/format.js';
import { factsLine } from '../ui/host-facts.js';
import { paint } from '../ui/style.js';
import { table } from '../ui/table.js';
import { wrapped } from '../ui/wrap.js';
import { chartLines } from './chart-lines.js';
import { chartsOf, gaps } from './charts.js';
import type { Listing } from './listing.js';
import { listings, modelText } from './tables.js';

/** The report for a terminal. */

/** Where standard output is no terminal. */
export const PIPE_COLUMNS = 100;

type Surroundings = Pick<Io, 'columns' | 'color' | 'home'>;

/** @param facts what the machine is; null: it is not known */
export function reportText(
  report: HistoryReport,
  period: string,
  io: Surroundings,
  facts: HostFacts | null = null,
): string[] {
  const from_ms = Date.parse(report.from);
  const to_ms = Date.parse(report.to);
  const columns = io.columns ?? PIPE_COLUMNS;
  const charts = chartsOf(report).filter(({ principal }) => principal);
  const bold = (text: string): string => paint(clip(text, columns), ['bold'], io.color);
  return [
    bold(`The last ${period}: ${shortTime(from_ms)} to ${shortTime(to_ms)}`),
    ...(facts === null ? [] : wrapped(factsLine(facts), columns)),
    '',
    ...(charts.length === 0
      ? ['The machine was not measured in this time.']
      : chartLines(charts, { from_ms, to_ms }, columns, io.color)),
    ...gapLine(report, columns, io.color),
    ...listings(report, { home: io.home, rows: 10 }).flatMap(listing => listingLines(listing, io)),
    '',
    ...wrapped(modelText(report), columns),
  ];
}

/** Empty places are told apart from quiet ones. */
function gapLine(report: HistoryReport, columns: number, color: boolean): string[] {
  const found = gaps(report);
  const first = found[0];
  const series = Object.values(report.host)[0];
  if (first === undefined || series === undefined || first[1] - first[0] === series.length) return [];
  const at = (bucket: number): string => shortTime(Date.parse(report.from) + bucket * report.bucket_s * 1000);
  const text =
    found.length === 1 && first[0] === 0
      ? `Not measured before ${at(first[1])}.`
      : `Not measured: ${found
          .slice(0, 4)
          .map(([from, to]) => `${at(from)} to ${at(to)}`)
          .join(', ')}${found.length > 4 ? ', …' : ''}.`;
  return wrapped(text, columns).map(line => paint(line, ['dim'], color));
}

function listingLines(listing: Listing, { columns, color }: Surroundings): string[] {
  const { title, rows, none, note } = listing;
  if (rows.length === 0) return none === '' ? [] : ['', paint(none, ['dim'], color)];
  return [
    '',
    paint(title, ['bold'], color),
    ...table(listing.columns, rows, columns, color),
    ...(note === null ? [] : [paint(note, ['dim'], color)]),
  ];
}
