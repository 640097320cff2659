import { printable } from '../../lib/text/printable.js';
import type { Subject } from '../../model/alert.js';
import { refOf } from '../../model/process-ref.js';
import type { SessionRef } from '../../model/snapshot.js';
import type { History } from '../engine/history.js';
import type { ProcessTrack } from '../engine/process-track.js';
import { lineage, processName, programName } from './labels.js';

/** More processes than this are not named in an alert. */
const PROCESSES_MAX = 200;

const NOBODY = { uid: null, processes: [], session: null, lineage: null };

export function hostSubject(): Subject {
  return { kind: 'host', name: 'this machine', ...NOBODY };
}

/**
 * A part of the machine: a filesystem, a disk, a GPU, a unit, a control group.
 * @param uid whose it is, where it is a user's own
 */
export function partSubject(
  kind: 'filesystem' | 'disk' | 'gpu' | 'unit' | 'cgroup',
  name: string,
  uid: number | null = null,
): Subject {
  return { kind, name: printable(name, 120), ...NOBODY, uid };
}

export function processSubject(history: History, track: ProcessTrack): Subject {
  return {
    kind: 'process',
    name: processName(track),
    uid: track.sample.uid,
    processes: [refOf(track.sample)],
    session: track.sample.session,
    lineage: lineage(history, track),
  };
}

/**
 * Several processes of one user, worst first.
 * @param name for people; without it the name of their program, or of the process where it is only one
 */
export function processesSubject(
  history: History,
  tracks: readonly ProcessTrack[],
  name?: string,
  session?: SessionRef | null,
): Subject {
  const first = tracks[0]!;
  if (tracks.length === 1 && name === undefined) return processSubject(history, first);
  const common = tracks.every(track => track.sample.session?.pid === first.sample.session?.pid)
    ? first.sample.session
    : null;
  return {
    kind: 'processes',
    name: name ?? programName(first),
    uid: tracks.every(track => track.sample.uid === first.sample.uid) ? first.sample.uid : null,
    processes: tracks.slice(0, PROCESSES_MAX).map(track => refOf(track.sample)),
    session: session ?? common,
    lineage: lineage(history, first),
  };
}
