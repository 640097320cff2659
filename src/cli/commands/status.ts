import {
  type AgentReport,
  type AlertReport,
  type ApiClient,
  ApiError,
  type HostFacts,
  type MachineReport,
} from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { clip } from '../../lib/text/width.js';
import type { ProcessSample } from '../../model/snapshot.js';
import { JSON_OPTION, printAnswer } from '../answer.js';
import { askDaemon } from '../ask-daemon.js';
import { defineCommand, OK, PROBLEM } from '../command.js';
import type { Io } from '../io.js';
import { alertName } from '../target.js';
import { agentsTable } from '../ui/agents-table.js';
import { bytes, duration, isGrave, percent, severityStyles } from '../ui/format.js';
import { factsLine, hostFacts } from '../ui/host-facts.js';
import { headline, hostLines } from '../ui/host-lines.js';
import { paint } from '../ui/style.js';

const TOP = 5;

export const status = defineCommand({
  usage: 'status',
  describe: 'Show the machine, its agents and what is wrong, on one screen',
  details: ['Exits 0 when no alert of severity high or critical is open, 1 when one is.'],
  options: {
    json: { ...JSON_OPTION, describe: 'Print one JSON object: host, machine, agents, alerts' },
  },
  async run({ json, runtimeDir }, io) {
    return askDaemon(runtimeDir, async client => {
      const [host, machine, agents, alerts] = await Promise.all([
        hostFacts(client),
        machineOf(client),
        client.call('agents'),
        client.call('alerts'),
      ]);
      const status = { host, machine, agents, alerts };
      printAnswer(io, json, status, () => statusLines(status, io));
      return alerts.some(({ severity }) => isGrave(severity)) ? PROBLEM : OK;
    });
  },
});

/** Null: vigil has just started and has not looked yet. */
async function machineOf(client: ApiClient): Promise<MachineReport | null> {
  try {
    return await client.call('machine');
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_ready') return null;
    throw error;
  }
}

interface Status {
  host: HostFacts | null;
  machine: MachineReport | null;
  agents: readonly AgentReport[];
  alerts: readonly AlertReport[];
}

function statusLines({ host, machine, agents, alerts }: Status, io: Io): string[] {
  const living = agents.filter(({ state }) => state !== 'EXITED');
  return [
    headline(alerts.length, alerts.filter(({ severity }) => isGrave(severity)).length, io),
    ...(machine?.paused
      ? [paint('The watch over the machine is paused: vigil resume', ['yellow'], io.color)]
      : []),
    ...alerts.map(alert => alertLine(alert, io)),
    '',
    ...(host === null ? [] : [factsLine(host)]),
    ...(machine === null ? ['vigil has not looked at the machine yet.'] : hostLines(machine, io)),
    '',
    ...(living.length === 0 ? ['No agents are running.'] : agentsTable(agents, io)),
    ...(machine === null ? [] : ['', ...topLines(machine, io)]),
  ].map(text => (io.columns === null || text.includes('\u001b') ? text : clip(text, io.columns)));
}

function alertLine({ id, severity, title, opened }: AlertReport, io: Io): string {
  const since = duration(io.now() - Date.parse(opened));
  const room = io.columns === null ? 300 : Math.max(20, io.columns - severity.length - since.length - 16);
  return `  ${paint(severity, severityStyles(severity), io.color)} ${clip(printable(title, 300), room)}  (${alertName(id)}, for ${since})`;
}

/** The processes with the most memory, and those with the most CPU, beside each other's names. */
function topLines({ top_memory, top_cpu }: MachineReport, io: Io): string[] {
  const busy = top_cpu.filter(({ cpu_percent }) => (cpu_percent ?? 0) >= 1).slice(0, TOP);
  const names = (processes: readonly ProcessSample[], figure: (process: ProcessSample) => string) =>
    processes.map(process => `${printable(process.comm, 20)}[${process.pid}] ${figure(process)}`).join(', ');
  const lines = [`Most memory: ${names(top_memory.slice(0, TOP), ({ rss_bytes }) => bytes(rss_bytes))}`];
  if (busy.length > 0) lines.push(`Most CPU: ${names(busy, ({ cpu_percent }) => percent(cpu_percent ?? 0))}`);
  return lines.map(text => (io.columns === null ? text : clip(text, io.columns)));
}
