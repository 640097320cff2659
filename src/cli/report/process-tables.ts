import type { HistoryReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { bytes, percent } from '../ui/format.js';
import type { Cell, Column } from '../ui/table.js';
import type { Listing, ListingOptions } from './listing.js';

/** The largest and the busiest processes of a period. */

type Top = HistoryReport['top_memory'][number];

const PROCESS: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'NAME', min: 8 },
  { title: 'AGENT PID', align: 'right', rank: 1 },
  { title: 'COMMAND', min: 16, rank: 2 },
];

function processCells({ pid, comm, session_pid, cmdline }: Top): Cell[] {
  return [
    { text: String(pid) },
    { text: printable(comm, 32) },
    { text: session_pid === null ? '-' : String(session_pid) },
    { text: printable(cmdline, 200) },
  ];
}

export function memoryListing({ top_memory }: HistoryReport, { rows }: ListingOptions): Listing {
  return {
    title: 'Most memory',
    columns: [{ title: 'MOST', align: 'right' }, { title: 'MEAN', align: 'right' }, ...PROCESS],
    rows: top_memory
      .slice(0, rows)
      .map(process => [
        { text: bytes(process.peak_rss_bytes) },
        { text: bytes(process.mean_rss_bytes) },
        ...processCells(process),
      ]),
    none: 'No processes were recorded.',
    note: null,
  };
}

export function cpuListing({ top_cpu }: HistoryReport, { rows }: ListingOptions): Listing {
  const figure = (value: number | null): Cell => ({ text: value === null ? '-' : percent(value) });
  return {
    title: 'Most CPU',
    columns: [{ title: 'MEAN', align: 'right' }, { title: 'MOST', align: 'right' }, ...PROCESS],
    rows: top_cpu
      .filter(({ mean_cpu_percent }) => (mean_cpu_percent ?? 0) > 0)
      .slice(0, rows)
      .map(process => [
        figure(process.mean_cpu_percent),
        figure(process.peak_cpu_percent),
        ...processCells(process),
      ]),
    none: 'No process used the processor for long.',
    note: null,
  };
}
