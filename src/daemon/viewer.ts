import type { Alert } from '../alerts/alert.js';
import type { View } from '../api/peer.js';
import type { Snapshot } from '../collectors/snapshot.js';
import type { Question } from '../diagnosis/question.js';

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
