import { bytesText, durationText } from '../lib/text/amounts.js';
import { printable } from '../lib/text/printable.js';
import type { Alert } from '../model/alert.js';
import type { ProcessSample, Snapshot } from '../model/snapshot.js';
import { figure, percent } from './figures.js';
import { preventionFor } from './prevention.js';
import { type Context, contextOf, lineageOf, type Question, unitOf } from './question.js';
import type { Diagnosis, SuggestedAction } from './schema.js';

/** The explanation without a model: what the rules found, in figures. Pure; always has an answer. */
export function explainByRules(question: Question): Diagnosis {
  const { about } = question;
  return about.kind === 'alert'
    ? alertDiagnosis(about.alert, question)
    : processDiagnosis(about.pid, question);
}

function alertDiagnosis(alert: Alert, question: Question): Diagnosis {
  const { snapshot } = question;
  const context = contextOf(question);
  const living = livingSubjects(context, snapshot);
  const { lineage } = alert.subject;
  const trend = question.history.slice(-2).map(line => printable(line, 200));
  const sentences = [
    `${sentence(alert.title)} ${sentence(alert.text)}`,
    living.length > 1 ? totals(living, snapshot) : null,
    lineage === null ? null : `Where it came from: ${printable(lineage, 400)}.`,
    sessionSentence(context),
    figures(alert),
    trend.length === 0 ? null : `Lately: ${trend.join('; ')}.`,
    alert.status === 'resolved' ? 'It is over.' : null,
  ];
  return {
    diagnostic: sentences.filter(Boolean).join(' '),
    severity: alert.severity,
    actions: alertActions(alert, living),
    prevention: preventionFor(alert),
  };
}

function figures(alert: Alert): string | null {
  const shown = Object.entries(alert.numbers)
    .slice(0, 8)
    .map(([name, value]) => figure(name, value));
  return shown.length === 0 ? null : `Measured: ${printable(shown.join(', '), 400)}.`;
}

function livingSubjects(context: Context, snapshot: Snapshot): ProcessSample[] {
  const samples = new Map(snapshot.processes.map(process => [process.pid, process]));
  return context.subjects.flatMap(({ pid, start_ticks }) => {
    const sample = samples.get(pid);
    return sample !== undefined && sample.start_ticks === start_ticks ? [sample] : [];
  });
}

function totals(processes: readonly ProcessSample[], { host }: Snapshot): string {
  const rss = processes.reduce((sum, process) => sum + process.rss_bytes, 0);
  const cpu = processes.reduce((sum, process) => sum + (process.cpu_percent ?? 0), 0);
  const biggest = processes.reduce((a, b) => (b.rss_bytes > a.rss_bytes ? b : a));
  const share = host.memory === null ? '' : ` (${percent(rss, host.memory.total_bytes)} % of the memory)`;
  return `${processes.length} processes hold ${bytesText(rss)}${share} and use ${Math.round(cpu)} % of a core; the biggest is ${named(biggest)} with ${bytesText(biggest.rss_bytes)}.`;
}

function sessionSentence({ session }: Context): string | null {
  if (session === null) return null;
  const where = session.cwd === null ? '' : ` in ${printable(session.cwd, 200)}`;
  const doing = session.reason == null ? session.state : `${session.state}, ${session.reason}`;
  const now = session.alive
    ? `is alive (${doing}; \`vigil agents explain ${session.pid}\` says why)`
    : 'has ended';
  return `The ${session.agent} session (pid ${session.pid})${where} ${now}.`;
}

function alertActions(alert: Alert, living: readonly ProcessSample[]): SuggestedAction[] {
  const actions: SuggestedAction[] = [];
  const leftovers = living.filter(process => process.session !== null && !process.session.alive);
  if (leftovers.length > 0) {
    const pids = leftovers.map(process => process.pid);
    actions.push({
      type: 'kill_process',
      target: pids.join(','),
      command: `kill ${pids.join(' ')}`,
      risk: 'safe',
      explanation: 'They are left over from an agent session that has ended: nobody uses them any more.',
    });
  }
  // A user's own is not for vigil to restart.
  if (alert.subject.kind === 'unit' && alert.subject.uid === null) {
    actions.push({
      type: 'restart_service',
      target: alert.subject.name,
      command: '',
      risk: 'moderate',
      explanation: 'Look into its journal first: it will fail again for the same reason.',
    });
  }
  if (alert.suggestion !== null) {
    const explanation = alert.suggestion;
    actions.push({ type: 'custom', target: '', command: '', risk: 'moderate', explanation });
  }
  return actions;
}

function processDiagnosis(pid: number, question: Question): Diagnosis {
  const { snapshot } = question;
  const process = snapshot.processes.find(candidate => candidate.pid === pid);
  if (process === undefined) {
    const diagnostic = `There is no process with pid ${pid}, or it is a kernel thread.`;
    return { diagnostic, severity: 'info', actions: [], prevention: '' };
  }
  const context = contextOf(question);
  const trouble = troubleOf(process, snapshot);
  const sentences = [
    `${named(process)} has run for ${durationText(snapshot.time_ms - process.started_ms)} as uid ${process.uid}: ${printable(process.cmdline, 300)}.`,
    `It came from ${printable(lineageOf(pid, snapshot) ?? '?', 400)}.`,
    sessionSentence(context) ?? 'It belongs to no agent session.',
    usage(process, snapshot),
    unitSentence(process),
    context.children.length === 0 ? null : `It has ${context.children.length} or more children.`,
    trouble?.sentence ?? 'Nothing about it looks wrong.',
  ];
  return {
    diagnostic: sentences.filter(Boolean).join(' '),
    severity: trouble === null ? 'info' : 'warning',
    actions: trouble?.actions ?? [],
    prevention: '',
  };
}

function usage(process: ProcessSample, { host }: Snapshot): string {
  const share =
    host.memory === null ? '' : ` (${percent(process.rss_bytes, host.memory.total_bytes)} % of the memory)`;
  const cpu = process.cpu_percent === null ? '' : `, uses ${Math.round(process.cpu_percent)} % of a core`;
  const fds = process.fds === null ? '' : `, has ${process.fds} files open`;
  return `It holds ${bytesText(process.rss_bytes)}${share}${cpu}${fds}.`;
}

function unitSentence(process: ProcessSample): string | null {
  const unit = unitOf(process.cgroup);
  return unit === null ? null : `systemd runs it as ${printable(unit, 200)}.`;
}

function troubleOf(
  process: ProcessSample,
  { host }: Snapshot,
): { sentence: string; actions: SuggestedAction[] } | null {
  if (process.state === 'Z') {
    const sentence = `It has ended; only its parent (pid ${process.ppid}) can remove the entry.`;
    return { sentence, actions: [] };
  }
  if (process.session !== null && !process.session.alive) {
    return {
      sentence: 'Its agent session is over, so it is left over.',
      actions: [
        {
          type: 'kill_process',
          target: String(process.pid),
          command: `kill ${process.pid}`,
          risk: 'safe',
          explanation: 'Nobody uses it any more.',
        },
      ],
    };
  }
  if (host.memory !== null && process.rss_bytes > host.memory.total_bytes / 4) {
    return { sentence: 'It holds more than a quarter of the memory.', actions: [] };
  }
  if (process.state === 'D')
    return { sentence: 'It waits for a disk or the network at this moment.', actions: [] };
  return null;
}

function named({ comm, pid }: { comm: string; pid: number }): string {
  return `${printable(comm, 60)} (pid ${pid})`;
}

function sentence(text: string): string {
  const shown = printable(text, 1000).trim();
  return shown === '' || /[.!?…]$/.test(shown) ? shown : `${shown}.`;
}
