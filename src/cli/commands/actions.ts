import { printable } from '../../text/printable.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import { alertName } from '../target.js';
import { clockTime } from '../words.js';

export const actions = defineCommand({
  usage: 'actions',
  describe: 'List what vigil did, wanted to do or was kept from doing, the latest first',
  details: ['Each record is on the disk before anything is done, and completed when it has ended.'],
  positionals: {},
  options: {
    json: { type: 'boolean', default: false, describe: 'Print a JSON array' },
    lines: { type: 'string', alias: 'n', requiresArg: true, default: '20', describe: 'How many' },
  },
  async run({ json, lines, runtimeDir }, io) {
    if (!/^[1-9]\d{0,2}$/.test(lines)) {
      throw new UsageError(`--lines takes a number from 1 to 999, not "${printable(lines, 40)}"`);
    }
    return askDaemon(runtimeDir, async client => {
      const list = await client.actions(Number(lines));
      if (json) io.out(`${JSON.stringify(list, null, 2)}\n`);
      else if (list.length === 0) io.out('vigil has done nothing.\n');
      for (const { time_ms, requested_by, what, targets, alert_id, result, mode } of json ? [] : list) {
        const about = alert_id === null ? '' : `, ${alertName(alert_id)}`;
        const pids = targets.map(({ pid, comm }) => `${printable(comm, 20)}[${pid}]`);
        const shown = pids.length > 6 ? [...pids.slice(0, 6), `and ${pids.length - 6} more`] : pids;
        io.out(
          `${clockTime(new Date(time_ms).toISOString())}  ${what}  ${shown.join(', ')}  (by ${printable(requested_by, 60)}, ${mode}${about})\n    ${printable(result ?? 'not ended yet', 300)}\n`,
        );
      }
      return OK;
    });
  },
});
