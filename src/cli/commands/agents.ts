import type { ExplainReport, VoiceReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { EXIT_REASONS, WAITING_REASONS, WORKING_REASONS } from '../../model/agent.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, UsageError } from '../command.js';
import type { Io } from '../io.js';
import { pidOf } from '../target.js';
import { agentsTable, containerOf, reasonText, stateStyles } from '../ui/agents-table.js';
import { clockTime, duration, shortPath } from '../ui/format.js';
import { paint } from '../ui/style.js';

export const agents = defineCommand({
  usage: 'agents',
  describe: 'List the AI coding agents that run, and what each is doing',
  details: [
    `States are WORKING (${WORKING_REASONS.join(', ')}), WAITING (${WAITING_REASONS.join(', ')}), EXITED (${EXIT_REASONS.join(', ')}) and UNKNOWN. Agents that ask for something stand on top, then those in trouble.`,
    'Root, the user of the daemon and members of the group vigil see the agents of all users, everybody else their own.',
  ],
  options: {
    json: { ...JSON_OPTION, describe: 'Print a JSON array' },
    watch: {
      type: 'boolean',
      default: false,
      alias: 'w',
      describe: 'Keep the table on the screen, up to date; q leaves',
    },
  },
  async run({ json, watch, runtimeDir }, io) {
    if (watch && json)
      throw new UsageError('--watch draws a table; for JSON as it happens use: vigil events --follow --json');
    if (watch) {
      const { watchAgents } = await import('../ui/agents-watch.js');
      return watchAgents(runtimeDir, io);
    }
    return askDaemon(runtimeDir, async client => {
      const list = await client.call('agents');
      printAnswer(io, json, list, () =>
        list.length === 0 ? ['No agents are running.'] : agentsTable(list, io),
      );
      return OK;
    });
  },
});

export const agentsExplain = defineCommand({
  usage: 'agents explain <pid>',
  describe: 'Say why an agent is believed to be in its state',
  details: ['The process may be any of the agent’s session: a tool that it runs leads to the agent, too.'],
  positionals: {
    pid: { type: 'string', describe: 'Process id of the agent, or of any process of its session' },
  },
  options: { json: JSON_OPTION },
  async run({ json, runtimeDir, positional }, io) {
    const pid = pidOf(positional.pid ?? '');
    return askDaemon(runtimeDir, async client => {
      const report = await client.call('explain', { pid });
      printAnswer(io, json, report, () => explainText(report, io));
      return OK;
    });
  },
});

export function explainText(
  { agent, decided_by, evidence, voices = [], processes }: ExplainReport,
  io: Pick<Io, 'color' | 'now' | 'home'>,
): string[] {
  const state = paint(`${agent.state} ${reasonText(agent, io.now())}`, stateStyles(agent), io.color);
  const since = duration(io.now() - Date.parse(agent.since));
  const place = agent.cwd === null ? '' : ` in ${printable(shortPath(agent.cwd, io.home, agent.user), 300)}`;
  const container = containerOf(agent);
  const inside = container === null ? '' : `, in the container ${printable(container, 64)}`;
  const tty = agent.tty === null ? 'no terminal' : printable(agent.tty, 32);
  return [
    `${printable(agent.agent, 32)}[${agent.pid}] of ${printable(agent.user, 32)} on ${tty}${place}${inside}`,
    `${state} for ${since}`,
    `Decided by: ${printable(decided_by, 400)}`,
    '',
    'Evidence, newest first:',
    ...evidence.map(one => {
      const note = one.note === '' ? '' : ` (${printable(one.note, 200)})`;
      return `  ${clockTime(one.time)}  ${one.source}: ${printable(one.text, 300)}${note}`;
    }),
    ...voiceLines(voices),
    '',
    'Processes of this session:',
    ...processes.map(one => `  ${one.pid}  ${printable(one.role, 60)}  ${printable(one.command, 200)}`),
  ];
}

/** A daemon of before does not list them. */
function voiceLines(voices: readonly VoiceReport[]): string[] {
  if (voices.length === 0) return [];
  const lines = voices.map(({ voice, verdict, text, why }) => {
    const says = text === null ? '' : `${printable(text, 300)}: `;
    return `  ${printable(voice, 12).padEnd(12)}  ${printable(verdict, 11).padEnd(11)}  ${says}${printable(why, 200)}`;
  });
  return ['', 'What can tell it, strongest first:', ...lines];
}
