import { type Alert, type AlertChange, SEVERITIES } from '../model/alert.js';

/** How long an alert that is over is still told of, so that its popup is closed. */
const RESOLVED_KEPT = 50;

/**
 * What desktops are shown of the alerts: all but those that came back soon after they were over, until they
 * get worse; with the command to copy, where vigil may suggest one.
 */
export class ShownAlerts {
  private readonly alerts = new Map<number, Alert>();
  /** Of alerts that came back: what they were then. */
  private readonly quiet = new Map<number, Alert['severity']>();
  private readonly commands = new Map<number, string | null>();

  /** `commandFor`: null: nothing is suggested, or there is nothing to run. */
  constructor(private readonly commandFor: (alert: Alert) => string | null) {}

  hear(changes: readonly AlertChange[]): void {
    for (const { type, alert, quiet } of changes) {
      if (type === 'alert_opened' && quiet) this.quiet.set(alert.id, alert.severity);
      else if (type === 'alert_opened' || type === 'alert_updated')
        this.commands.set(alert.id, this.commandFor(alert));
      this.alerts.set(alert.id, alert);
    }
    const over = [...this.alerts.values()].filter(({ status }) => status === 'resolved');
    for (const { id } of over.slice(0, Math.max(0, over.length - RESOLVED_KEPT))) {
      this.alerts.delete(id);
      this.quiet.delete(id);
      this.commands.delete(id);
    }
  }

  /** The open alerts of the run before, as far as nothing has been heard of them yet. */
  restore(open: readonly Alert[]): void {
    for (const alert of open) {
      if (this.alerts.has(alert.id)) continue;
      this.commands.set(alert.id, this.commandFor(alert));
      this.alerts.set(alert.id, alert);
    }
  }

  list(): Alert[] {
    return [...this.alerts.values()]
      .filter(alert => !this.isQuiet(alert))
      .map(alert => this.withCommand(alert));
  }

  private isQuiet({ id, severity }: Alert): boolean {
    const then = this.quiet.get(id);
    return then !== undefined && SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(then);
  }

  private withCommand(alert: Alert): Alert {
    const command = this.commands.get(alert.id) ?? null;
    if (command === null) return alert;
    return { ...alert, suggestion: [alert.suggestion, command].filter(part => part !== null).join('\n') };
  }
}
