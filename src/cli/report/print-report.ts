import { printable } from '../../lib/text/printable.js';
import { askDaemon } from '../ask-daemon.js';
import { CANNOT, OK, UsageError } from '../command.js';
import type { Io } from '../io.js';
import { hostFacts } from '../ui/host-facts.js';
import { chartCells } from './chart-lines.js';
import { isEmpty } from './charts.js';
import { parsePeriod, periodText } from './period.js';
import { PIPE_COLUMNS, reportText } from './text.js';

/** Finer than this a chart would show the gaps between two samples. */
const LEAST_BUCKET_S = 30;
const HTML_BUCKETS = 144;
const JSON_BUCKETS = 96;

export interface ReportArgs {
  since: string;
  html: string | undefined;
  json: boolean;
  runtimeDir: string | undefined;
}

/** `vigil report`. Answers the exit code. */
export async function printReport({ since, html, json, runtimeDir }: ReportArgs, io: Io): Promise<number> {
  if (html !== undefined && json) throw new UsageError('--html and --json do not go together');
  const period_s = parsePeriod(since);
  const cells = chartCells(io.columns ?? PIPE_COLUMNS);
  const wanted = html !== undefined ? HTML_BUCKETS : json ? JSON_BUCKETS : cells;
  const buckets = bucketsFor(period_s, wanted);
  return askDaemon(runtimeDir, async client => {
    const [history, facts] = await Promise.all([
      client.call('report', { period_s, buckets }),
      json ? null : hostFacts(client),
    ]);
    if (json) {
      io.out(`${JSON.stringify(history, null, 2)}\n`);
      return OK;
    }
    if (isEmpty(history)) {
      io.err(
        `vigil: the history has nothing of the last ${periodText(period_s)}: vigil has only just started, or was not running; ask for more: vigil report --since 7d\n`,
      );
      return CANNOT;
    }
    if (html === undefined) io.out(`${reportText(history, periodText(period_s), io, facts).join('\n')}\n`);
    else {
      const [{ page }, { save }] = await Promise.all([import('./page.js'), import('./save.js')]);
      save(html, page(history, periodText(period_s), io.home, facts));
      io.out(`The report is in ${printable(html, 500)}\n`);
    }
    return OK;
  });
}

function bucketsFor(period_s: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(period_s / LEAST_BUCKET_S)));
}
