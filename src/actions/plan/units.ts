import { globMatches } from '../../lib/text/glob.js';
import { printable } from '../../lib/text/printable.js';
import type { Requester, Verdict } from '../../model/action.js';
import type { Alert } from '../../model/alert.js';
import { mayAct } from '../requester.js';
import { parseService } from './target.js';

/** Restarting these ends the sessions of people, or vigil. */
const PROTECTED_UNITS = [
  'systemd-*',
  'dbus*',
  'user@*',
  'user-runtime-dir@*',
  'getty@*',
  'serial-getty@*',
  'display-manager*',
  'gdm*',
  'sddm*',
  'lightdm*',
  'greetd*',
  'vigil*',
];

export interface UnitContext {
  alert: Alert | null;
  admin_gid: number | null;
  systemctl: string | null;
}

/** A restart of the very service that the alert is about, never of another one, and never by `auto`. */
export function judgeRestart(target: string, requester: Requester, context: UnitContext): Verdict {
  const unit = parseService(target);
  const no = (reason: string): Verdict => ({ allowed: false, risk: 'dangerous', reason, steps: [] });
  if (unit === null) return no(`\`${printable(target, 60)}\` is not the name of a service`);
  const subject = context.alert?.subject;
  if (subject?.kind !== 'unit' || subject.name !== unit) return no(`${unit} has nothing to do with this`);
  if (PROTECTED_UNITS.some(glob => globMatches(glob, unit))) return no(`${unit} holds the system together`);
  if (subject.uid !== null)
    return no(`${unit} is a service of uid ${subject.uid}: only that user restarts it`);
  if (context.systemctl === null) return no('there is no systemctl here');
  // Services of the system are root's.
  if (!mayAct(requester, 0, context.admin_gid))
    return no('only root and the group `vigil` restart services of the system');
  return {
    allowed: true,
    risk: 'moderate',
    reason: `${unit} is what the alert is about`,
    steps: [{ kind: 'restart_service', unit, argv: [context.systemctl, 'restart', '--', unit] }],
  };
}
