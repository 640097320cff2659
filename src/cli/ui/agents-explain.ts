import type { AgentReport, ExplainReport, VoiceReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import type { Io } from '../io.js';
import { containerOf, reasonText, stateStyles } from './agents-table.js';
import { clockTime, duration, shortPath } from './format.js';
import { paint } from './style.js';

/** Why an agent is believed to be in its state, as lines. */
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
    ...(agent.asks === null ? [] : [`Asks: ${printable(agent.asks, 500)}`]),
    ...attachLines(agent),
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

/** To its own user alone: a server of tmux may have whatever it likes run by those who attach. A daemon of before does not tell. */
function attachLines({
  attach,
  uid,
}: Pick<AgentReport, 'uid'> & Partial<Pick<AgentReport, 'attach'>>): string[] {
  return attach == null || uid !== process.geteuid!()
    ? []
    : [`No window is known that shows its session: ${printable(attach, 300)}`];
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
