import type { AlertReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, PROBLEM } from '../command.js';
import type { Io } from '../io.js';
import { alertName } from '../target.js';
import { clockTime, duration, isGrave, severityStyles } from '../ui/format.js';
import { paint } from '../ui/style.js';
import { fitted } from '../ui/wrap.js';

export const alerts = defineCommand({
  usage: 'alerts',
  describe: 'Say what is wrong with this machine, and what to do about it',
  details: [
    'Exits 0 when no alert of severity high or critical is open, 1 when one is.',
    'vigil explain A7 says more about alert A7.',
    'You see alerts about the machine and about your own processes; root, the user of the daemon and members of the group vigil see those of all users.',
  ],
  options: {
    all: {
      type: 'boolean',
      default: false,
      alias: 'a',
      describe: 'Also those that are over, the latest first',
    },
    json: { ...JSON_OPTION, describe: 'Print a JSON array' },
  },
  async run({ all, json, runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      const list = await client.call('alerts', { all });
      const none = all ? 'There has been no alert.' : 'Nothing is wrong.';
      printAnswer(io, json, list, () =>
        list.length === 0
          ? [none]
          : fitted(
              list.flatMap(alert => alertText(alert, io).split('\n')),
              io.columns,
            ),
      );
      return list.some(({ status, severity }) => status === 'open' && isGrave(severity)) ? PROBLEM : OK;
    });
  },
});

/** Some lines for one alert: what, since when, the figures, what to do. */
export function alertText(alert: AlertReport, io: Pick<Io, 'color'>): string {
  const { id, severity, status, title, text, suggestion, subject, opened, resolved } = alert;
  const open = status === 'open';
  const label = open ? severity.toUpperCase() : `${severity}, over`;
  const lasted = duration((resolved === null ? Date.now() : Date.parse(resolved)) - Date.parse(opened));
  const head = `${paint(label, open ? severityStyles(severity) : ['dim'], io.color)} ${printable(title, 300)}`;
  const when = open ? `for ${lasted}` : `${clockTime(opened)}, ${lasted}`;
  return [
    `${head}  ${paint(`(${alertName(id)}, ${when})`, ['dim'], io.color)}`,
    `    ${printable(text, 2_000)}`,
    ...(subject.lineage === null ? [] : [`    from: ${printable(subject.lineage, 500)}`]),
    ...(suggestion === null || !open ? [] : [`    → ${printable(suggestion, 1_000)}`]),
  ].join('\n');
}
