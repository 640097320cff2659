import { type Alert, type AlertChange, severityRank } from '../../model/alert.js';

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

  /** What was heard is taken up in its order, each when its commands are known. */
  private last: Promise<void> = Promise.resolve();

  /** `commandFor`: null: nothing is suggested, or there is nothing to run. */
  constructor(private readonly commandFor: (alert: Alert) => Promise<string | null>) {}

  /** Resolves when it can be shown. */
  hear({ type, alert, quiet }: AlertChange): Promise<void> {
    return this.inOrder(async () => {
      const isOld = type === 'alert_opened' && quiet;
      if (isOld) this.quiet.set(alert.id, alert.severity);
      else if (type !== 'alert_resolved') await this.findCommands([alert]);
      this.alerts.set(alert.id, alert);
      this.forgetOld();
    });
  }

  /** The open alerts of the run before, as far as nothing has been heard of them yet. Resolves as `hear`. */
  restore(open: readonly Alert[]): Promise<void> {
    return this.inOrder(async () => {
      const unknown = open.filter(({ id }) => !this.alerts.has(id));
      await this.findCommands(unknown);
      for (const alert of unknown) this.alerts.set(alert.id, alert);
    });
  }

  private inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  private async findCommands(alerts: readonly Alert[]): Promise<void> {
    const commands = await Promise.all(alerts.map(alert => this.commandFor(alert)));
    for (const [i, { id }] of alerts.entries()) this.commands.set(id, commands[i] ?? null);
  }

  private forgetOld(): void {
    const over = [...this.alerts.values()].filter(({ status }) => status === 'resolved');
    for (const { id } of over.slice(0, Math.max(0, over.length - RESOLVED_KEPT))) {
      this.alerts.delete(id);
      this.quiet.delete(id);
      this.commands.delete(id);
    }
  }

  list(): Alert[] {
    return [...this.alerts.values()]
      .filter(alert => !this.isQuiet(alert))
      .map(alert => this.withCommand(alert));
  }

  private isQuiet({ id, severity }: Alert): boolean {
    const then = this.quiet.get(id);
    return then !== undefined && severityRank(severity) <= severityRank(then);
  }

  private withCommand(alert: Alert): Alert {
    const command = this.commands.get(alert.id) ?? null;
    if (command === null) return alert;
    return { ...alert, suggestion: [alert.suggestion, command].filter(part => part !== null).join('\n') };
  }
}
