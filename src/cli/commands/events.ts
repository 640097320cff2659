import {
  type AgentStateEvent,
  type AlertEvent,
  connectToDaemon,
  NotRunningError,
  notUnderstood,
  type VigilEvent,
} from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { defineCommand, OK, UsageError } from '../command.js';
import type { Io } from '../io.js';
import { alertName } from '../target.js';
import { reasonText, stateStyles } from '../ui/agents-table.js';
import { clockTime, severityStyles } from '../ui/format.js';
import { paint } from '../ui/style.js';

/** Events before the answer to who asked for them: one read of the socket holds far fewer. */
const MAX_EARLY = 10_000;

export const events = defineCommand({
  usage: 'events',
  describe: 'Print the changes of agents and alerts that are remembered, or each one as it happens',
  details: [
    'With --json each line is one object with type and time. For "agent_state": pid, agent, from, to, reason, evidence, tty, cwd, and for EXITED exit_code, signal and signal_sender. For "alert_opened", "alert_updated" and "alert_resolved": alert, and quiet where it comes back soon after it was resolved. Other types may follow.',
  ],
  options: {
    follow: { type: 'boolean', default: false, alias: 'f', describe: 'Print new ones until interrupted' },
    json: { type: 'boolean', default: false, describe: 'Print one JSON object a line' },
    lines: {
      type: 'string',
      alias: 'n',
      requiresArg: true,
      describe: 'How many of the past ones (default: all; with --follow none)',
    },
  },
  async run({ follow, json, lines, runtimeDir }, io) {
    const limit = limitOf(lines);
    const print = (event: VigilEvent): void =>
      io.out(json ? `${JSON.stringify(event)}\n` : `${eventLine(event, io)}\n`);
    const client = await connectToDaemon({ runtimeDir });
    try {
      if (!follow) {
        const past = await client.call('events', { limit });
        for (const event of past) print(event);
        if (past.length === 0 && !json && limit !== 0) io.out('Nothing has happened yet.\n');
        return OK;
      }
      io.endWithReader();
      // An event can arrive in the same read as the answer, before the past ones are printed.
      const early: VigilEvent[] = [];
      let sink = (event: VigilEvent): void => {
        if (early.push(event) > MAX_EARLY) client.close();
      };
      for (const event of await client.subscribe('events', { follow: true, limit: limit ?? 0 }, event =>
        sink(event),
      ))
        print(event);
      for (const event of early) print(event);
      sink = print;
      await client.closed;
      throw client.whyClosed ?? new NotRunningError('the vigil daemon closed the connection');
    } catch (error) {
      throw notUnderstood(error);
    } finally {
      client.close();
    }
  },
});

function limitOf(lines: string | undefined): number | undefined {
  if (lines === undefined) return undefined;
  if (!/^\d{1,9}$/.test(lines)) throw new UsageError(`--lines takes a number, not "${printable(lines, 40)}"`);
  return Number(lines);
}

export function eventLine(event: VigilEvent, io: Pick<Io, 'color'>): string {
  return event.type === 'agent_state' ? stateLine(event, io) : alertLine(event, io);
}

function alertLine({ type, time, alert }: AlertEvent, io: Pick<Io, 'color'>): string {
  const what = `${type.replace('alert_', '')} ${alert.severity}`;
  const styles = type === 'alert_resolved' ? ['dim' as const] : severityStyles(alert.severity);
  return `${clockTime(time)}  alert ${alertName(alert.id)}  ${paint(what, styles, io.color)}  ${printable(alert.title, 300)}`;
}

function stateLine(event: AgentStateEvent, io: Pick<Io, 'color'>): string {
  const to = paint(
    `${event.to} ${reasonText(event, Date.parse(event.time))}`,
    stateStyles({ state: event.to, reason: event.reason }),
    io.color,
  );
  const tty = event.tty === null ? '' : `  ${printable(event.tty, 32)}`;
  const cwd = event.cwd === null ? '' : `  ${printable(event.cwd, 200)}`;
  const who = `${printable(event.agent, 32)}[${event.pid}]`;
  return `${clockTime(event.time)}  ${who}  ${event.from} → ${to}${tty}${cwd}  (${event.evidence.source}: ${printable(event.evidence.text, 200)})`;
}
