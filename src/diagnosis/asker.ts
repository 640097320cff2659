import type { Severity } from '../model/alert.js';

/** Who asks a model, and who pays for it. */
export interface Asker {
  /** One question at a time, and the cooldown, are per slot. */
  slot: string;
  /** Whose share it is charged to; null: root's and vigil's own, which have no share but all of it. */
  uid: number | null;
  /** It may take of what is reserved although it is charged to a user. */
  urgent: boolean;
}

/** Somebody asked. `viewer_uid` null: who sees everything, like root. */
export function askedBy(viewer_uid: number | null): Asker {
  return viewer_uid === null
    ? { slot: 'all', uid: null, urgent: true }
    : { slot: `uid ${viewer_uid}`, uid: viewer_uid, urgent: false };
}

/**
 * vigil explains an alert unasked. What a user's processes do is charged to that user: else a user who makes alerts
 * would spend what is everybody's.
 */
export function unasked(alert: { severity: Severity; subject: { uid: number | null } }): Asker {
  const { uid } = alert.subject;
  return { slot: 'vigil', uid: uid === 0 ? null : uid, urgent: alert.severity === 'critical' };
}
