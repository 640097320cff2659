import type { AgentReport, AgentStateEvent } from '../api/contract.js';
import type { View } from '../api/socket/peer.js';
import type { Question } from '../diagnosis/question.js';
import type { Alert } from '../model/alert.js';
import type { Snapshot } from '../model/snapshot.js';

/** Whose view of the machine it is: a user's uid; null: of who sees everything. */
export type ViewerUid = number | null;

export function viewerOf(sees: View): ViewerUid {
  // Who is not known does not get to ask; no process has this uid.
  return sees.kind === 'all' ? null : sees.kind === 'user' ? sees.uid : -1;
}

/** From whose view an alert is explained unasked: its user's, who will read it; the machine's from everybody's. */
export function viewerFor({ subject: { uid } }: Alert): ViewerUid {
  // These two see everything anyway.
  return uid === 0 || uid === process.geteuid!() ? null : uid;
}

/** The machine as that user may know it. */
export function snapshotFor(snapshot: Snapshot, viewer_uid: ViewerUid): Snapshot {
  if (viewer_uid === null) return snapshot;
  const { processes, sessions } = snapshot;
  return { ...snapshot, processes: ownOf(processes, viewer_uid), sessions: ownOf(sessions, viewer_uid) };
}

/** Alerts of the machine that are about something else than processes. */
const OF_THE_MACHINE: readonly Alert['subject']['kind'][] = ['host', 'filesystem', 'disk', 'gpu', 'unit'];

/**
 * The alert where the machine hides users' processes from each other: of one of the machine the figures are left, not
 * who is behind it; where it is about processes of several users, nothing is. Null: nothing of it is for this user.
 */
export function withoutOthers(alert: Alert, viewer_uid: ViewerUid): Alert | null {
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
export function snapshotWithoutOthers(snapshot: Snapshot, viewer_uid: ViewerUid): Snapshot {
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
export function withoutSender<T extends AgentReport | AgentStateEvent>(report: T): T {
  const { signal_sender: sender, evidence } = report;
  if (sender == null) return report;
  const from = ` from ${sender.comm} (${sender.pid})`;
  return { ...report, signal_sender: null, evidence: { ...evidence, text: evidence.text.replace(from, '') } };
}

/** An alert of the machine may be about processes of several users. */
export function aboutFor(about: Question['about'], viewer_uid: ViewerUid): Question['about'] {
  if (viewer_uid === null || about.kind !== 'alert') return about;
  const { alert } = about;
  const processes = ownOf(alert.subject.processes, viewer_uid);
  return { kind: 'alert', alert: { ...alert, subject: { ...alert.subject, processes } } };
}

function ownOf<T extends { uid: number }>(all: readonly T[], uid: number): T[] {
  return all.filter(one => one.uid === uid);
}
