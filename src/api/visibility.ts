import type { Alert } from '../model/alert.js';
import type { Snapshot } from '../model/snapshot.js';
import type { AgentStateEvent } from '../model/state-event.js';
import { maySee, ownOf, snapshotFor, type Viewer, type ViewerUid, viewerUid } from '../model/viewer.js';
import type { AgentReport, ExplainReport } from './reports/agent.js';
import { alertReport } from './reports/alert.js';
import type { OwnedEvent } from './reports/event.js';

/** Alerts of the machine that are about something else than processes. */
const OF_THE_MACHINE: readonly Alert['subject']['kind'][] = ['host', 'filesystem', 'disk', 'gpu', 'unit'];

/**
 * What may be told to whom: to a user what is his and what is the machine's. Where the machine hides users' processes
 * from each other (`hidepid`), vigil, which sees them all, tells nobody of those of others either.
 */
export class Visibility {
  /** `hidden`: whether the machine hides them, now. */
  constructor(private readonly hidden: { readonly value: boolean }) {}

  /** The alert as it may be told; null: not at all. */
  alert(alert: Alert, viewer: Viewer): Alert | null {
    if (!maySee(viewer, alert.subject.uid)) return null;
    return this.hidden.value ? withoutOthers(alert, viewerUid(viewer)) : alert;
  }

  /** Those that may be told, as they may be told. */
  alerts(alerts: readonly Alert[], viewer: Viewer): Alert[] {
    return alerts.map(alert => this.alert(alert, viewer)).filter(alert => alert !== null);
  }

  /** The same of an event. */
  event(owned: OwnedEvent, viewer: Viewer): OwnedEvent | null {
    if (!maySee(viewer, owned.uid)) return null;
    if (!this.hides(viewer)) return owned;
    const { uid, event, alert } = owned;
    if (event.type === 'agent_state') return { uid, event: withoutSender(event) };
    const told = alert === undefined ? null : this.alert(alert, viewer);
    return told === null ? null : { uid, event: { ...event, alert: alertReport(told) }, alert: told };
  }

  /** The same of an agent's report. */
  agent(report: AgentReport, viewer: Viewer): AgentReport | null {
    if (!maySee(viewer, report.uid)) return null;
    return this.hides(viewer) ? withoutSender(report) : report;
  }

  /** The same of why an agent is in its state. */
  explained(report: ExplainReport, viewer: Viewer): ExplainReport | null {
    const agent = this.agent(report.agent, viewer);
    if (agent === null) return null;
    const from = this.hides(viewer) ? senderIn(report.agent) : null;
    return { ...report, agent, evidence: report.evidence.map(one => without(from, one)) };
  }

  /** The machine as far as it may be known at all; whose a process is, is to be asked of each. */
  machine<S extends Snapshot | null>(snapshot: S, viewer: Viewer): S {
    if (snapshot === null || !this.hidden.value) return snapshot;
    return snapshotWithoutOthers(snapshot, viewerUid(viewer)) as S;
  }

  private hides(viewer: Viewer): boolean {
    return viewer.kind !== 'all' && this.hidden.value;
  }
}

/**
 * The alert where users' processes are hidden from each other: of one of the machine the figures are left, not who is
 * behind it; where it is about processes of several users, nothing is. Null: nothing of it is for this user.
 */
function withoutOthers(alert: Alert, viewer_uid: ViewerUid): Alert | null {
  const { subject } = alert;
  if (viewer_uid === null) return alert;
  // Its ancestors may be others'.
  if (subject.uid !== null) return { ...alert, subject: { ...subject, lineage: null } };
  if (!OF_THE_MACHINE.includes(subject.kind)) return null;
  return {
    ...alert,
    text: `${alert.title}. Who is behind it is told to root and the group vigil.`,
    suggestion: null,
    subject: { ...subject, processes: ownOf(subject.processes, viewer_uid), session: null, lineage: null },
  };
}

/** The same of a snapshot: which cgroups and users of a GPU there are. */
function snapshotWithoutOthers(snapshot: Snapshot, viewer_uid: ViewerUid): Snapshot {
  if (viewer_uid === null) return snapshot;
  const own = new Set(ownOf(snapshot.processes, viewer_uid).map(({ pid }) => pid));
  const { host } = snapshot;
  return {
    ...snapshotFor(snapshot, viewer_uid),
    host: {
      ...host,
      gpus: host.gpus.map(gpu => ({ ...gpu, processes: gpu.processes.filter(({ pid }) => own.has(pid)) })),
      cgroups: host.cgroups.filter(({ path }) => path.startsWith(`/user.slice/user-${viewer_uid}.slice`)),
    },
  };
}

/** Who sent the signal that ended it is somebody else's process, or may be. */
function withoutSender<T extends AgentReport | AgentStateEvent>(report: T): T {
  const from = senderIn(report);
  return from === null
    ? report
    : { ...report, signal_sender: null, evidence: without(from, report.evidence) };
}

/** As the tracker's evidence of an end names it; null: it is not known, or nobody sent it one. */
function senderIn({ signal_sender: sender }: AgentReport | AgentStateEvent): string | null {
  return sender == null ? null : ` from ${sender.comm} (${sender.pid})`;
}

function without<T extends { text: string }>(words: string | null, evidence: T): T {
  return words === null ? evidence : { ...evidence, text: evidence.text.replace(words, '') };
}
