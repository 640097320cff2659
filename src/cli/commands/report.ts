import { defineCommand } from '../command.js';

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
  async run(args, io) {
    const { printReport } = await import('../report/print-report.js');
    return printReport(args, io);
  },
});
