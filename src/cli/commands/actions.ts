import type { ActionRow } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { alertName } from '../target.js';
import { clockTime } from '../ui/format.js';

export const actions = defineCommand({
  usage: 'actions',
  describe: 'List what vigil did, wanted to do or was kept from doing, the latest first',
  details: ['Each record is on the disk before anything is done, and completed when it has ended.'],
  options: {
    json: { ...JSON_OPTION, describe: 'Print a JSON array' },
    lines: { type: 'string', alias: 'n', requiresArg: true, default: '20', describe: 'How many' },
  },
  async run({ json, lines, runtimeDir }, io) {
    if (!/^[1-9]\d{0,2}$/.test(lines)) {
      throw new UsageError(`--lines takes a number from 1 to 999, not "${printable(lines, 40)}"`);
    }
    return askDaemon(runtimeDir, async client => {
      const list = await client.call('actions', { limit: Number(lines) });
      printAnswer(io, json, list, () =>
        list.length === 0 ? ['vigil has done nothing.'] : list.flatMap(actionLines),
      );
      return OK;
    });
  },
});

function actionLines(action: ActionRow): string[] {
  const { time_ms, requested_by, what, targets, targets_total, alert_id, result, mode, damaged } = action;
  const about = alert_id === null ? '' : `, ${alertName(alert_id)}`;
  const pids = targets.map(({ pid, comm }) => `${printable(comm, 20)}[${pid}]`);
  const named = pids.slice(0, 6);
  const others = targets_total - named.length;
  const shown = others > 0 ? [...named, `and ${others} more`] : named;
  return [
    `${clockTime(new Date(time_ms).toISOString())}  ${what}  ${shown.join(', ')}  (by ${printable(requested_by, 60)}, ${mode}${about})`,
    `    ${printable(result ?? 'not ended yet', 300)}${damaged ? ' (its row in the history is damaged: not all of it can be read)' : ''}`,
  ];
}
