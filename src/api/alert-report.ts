import { iso } from '../lib/time/time.js';
import type { Alert, AlertChange } from '../model/alert.js';
import type { AlertEvent, AlertReport } from './contract.js';

/** Alerts in the form in which the socket and the command line show them. */

export function alertReport({ opened_ms, updated_ms, resolved_ms, ...alert }: Alert): AlertReport {
  return {
    ...alert,
    opened: iso(opened_ms),
    updated: iso(updated_ms),
    resolved: resolved_ms === null ? null : iso(resolved_ms),
  };
}

export function alertEvent({ type, time_ms, alert, quiet }: AlertChange): AlertEvent {
  return { type, time: iso(time_ms), ...(quiet && { quiet }), alert: alertReport(alert) };
}
