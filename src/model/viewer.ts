import type { Alert } from './alert.js';
import type { HostSample, Snapshot } from './snapshot.js';

/** Who is told something, and what of the machine is theirs to know. Pure. */

/** Who sees everything, a user who sees what is his, or somebody who is not known and sees nothing. */
export type Viewer = { kind: 'all' } | { kind: 'user'; uid: number } | { kind: 'none' };

/** Whose view of the machine it is: a user's uid; null: of who sees everything. */
export type ViewerUid = number | null;

export function viewerUid(viewer: Viewer): ViewerUid {
  // Who is not known does not get to ask; no process has this uid.
  return viewer.kind === 'all' ? null : viewer.kind === 'user' ? viewer.uid : -1;
}

/** `uid` null: what is the machine's is for everybody who is known. */
export function maySee(viewer: Viewer, uid: number | null): boolean {
  if (uid === null) return viewer.kind !== 'none';
  return viewer.kind === 'all' || (viewer.kind === 'user' && viewer.uid === uid);
}

/** From whose view an alert is explained unasked: its user's, who will read it; the machine's from everybody's. */
export function readerOf({ subject: { uid } }: Alert): ViewerUid {
  // These two see everything anyway.
  return uid === 0 || uid === process.geteuid!() ? null : uid;
}

/** The machine as that user may know it. */
export function snapshotFor(snapshot: Snapshot, viewer_uid: ViewerUid): Snapshot {
  if (viewer_uid === null) return snapshot;
  const { host, processes, sessions } = snapshot;
  return {
    ...snapshot,
    host: hostFor(host, viewer_uid),
    processes: ownOf(processes, viewer_uid),
    sessions: ownOf(sessions, viewer_uid),
  };
}

/** Figures of the machine are everybody's; which process holds what of it is that user's. */
export function hostFor(host: HostSample, viewer_uid: ViewerUid): HostSample {
  if (viewer_uid === null) return host;
  const { filesystems, limits } = host;
  return {
    ...host,
    filesystems: filesystems.map(one =>
      one.holders === undefined ? one : { ...one, holders: ownOf(one.holders, viewer_uid) },
    ),
    limits: limits && { ...limits, holders: ownOf(limits.holders, viewer_uid) },
  };
}

/** An alert of the machine may be about processes of several users: only that user's. */
export function withOwnProcesses(alert: Alert, viewer_uid: ViewerUid): Alert {
  if (viewer_uid === null) return alert;
  const processes = ownOf(alert.subject.processes, viewer_uid);
  return { ...alert, subject: { ...alert.subject, processes } };
}

export function ownOf<T extends { uid: number }>(all: readonly T[], uid: number): T[] {
  return all.filter(one => one.uid === uid);
}
