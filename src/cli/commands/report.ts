import { printable } from '../../text/printable.js';
import { askDaemon } from '../ask-daemon.js';
import { CANNOT, defineCommand, OK, UsageError } from '../command.js';
import { chartCells } from '../report/chart-lines.js';
import { isEmpty } from '../report/charts.js';
import { parsePeriod, periodText } from '../report/period.js';
import { PIPE_COLUMNS, reportText } from '../report/text.js';

/** Finer than this a chart would show the gaps between two samples. */
const LEAST_BUCKET_S = 30;
const HTML_BUCKETS = 144;
const JSON_BUCKETS = 96;

export const report = defineCommand({
  usage: 'report',
  describe: 'Tell what the machine and its agents did in the past hours or days',
  details: [
    'Charts of the machine, agent sessions with their times of work and of waiting, alerts, actions and the largest processes. Where nothing was measured a chart is empty: that is not zero.',
    'You see your own sessions, alerts and processes; root, the user of the daemon and members of the group vigil see those of all users.',
    'The HTML file is complete in itself: it loads nothing, runs nothing, and only its owner may read it. An ordinary file of that name is replaced, in one step; a link or a device is refused.',
  ],
  options: {
    since: {
      type: 'string',
      requiresArg: true,
      default: '24h',
      alias: 's',
      describe: 'How far it goes back: 90m, 24h, 7d, 2w',
    },
    html: { type: 'string', requiresArg: true, describe: 'Write a page with plots to this file instead' },
    json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
  },
  async run({ since, html, json, runtimeDir }, io) {
    if (html !== undefined && json) throw new UsageError('--html and --json do not go together');
    const period_s = parsePeriod(since);
    const cells = chartCells(io.columns ?? PIPE_COLUMNS);
    const wanted = html !== undefined ? HTML_BUCKETS : json ? JSON_BUCKETS : cells;
    const buckets = bucketsFor(period_s, wanted);
    const history = await askDaemon(runtimeDir, client => client.report({ period_s, buckets }));
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
    if (html === undefined) io.out(`${reportText(history, periodText(period_s), io).join('\n')}\n`);
    else {
      const [{ page }, { save }] = await Promise.all([
        import('../report/page.js'),
        import('../report/save.js'),
      ]);
      save(html, page(history, periodText(period_s), io.home));
      io.out(`The report is in ${printable(html, 500)}\n`);
    }
    return OK;
  },
});

function bucketsFor(period_s: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(period_s / LEAST_BUCKET_S)));
}
