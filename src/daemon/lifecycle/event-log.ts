import type { Bus } from '../../bus.js';
import type { LogLevel } from '../../lib/log/levels.js';
import type { Logger } from '../../lib/log/logger.js';
import type { AgentTransition } from '../../model/agent.js';
import type { AlertChange } from '../../model/alert.js';
import type { FinishedDiagnosis } from '../../model/diagnosis.js';
import type { Module } from '../../model/module.js';
import { terminalLine } from '../../outputs/channels/terminal.js';

const LEVEL_OF = { info: 'info', warning: 'warn', high: 'warn', critical: 'error' } as const;

/** Writes what happens into the log, for the operator. */
export class EventLog implements Module<{ log_level: LogLevel }> {
  readonly name = 'log';
  private readonly ends: readonly (() => void)[];

  constructor(
    private readonly logger: Logger,
    bus: Bus,
    /** The level was given on the command line: it holds whatever the file says. */
    private readonly isLevelFixed: boolean,
    /** No history is kept: of what vigil does the log is the record, also where it holds warnings alone. */
    isRecord: boolean,
  ) {
    this.ends = [
      bus.on(this.name, 'agent.transition', transition => this.transition(transition)),
      bus.on(this.name, 'alert.changed', change => this.alert(change)),
      bus.on(this.name, 'diagnosis.finished', diagnosis => this.diagnosis(diagnosis)),
      bus.on(this.name, 'action.finished', ({ id, result: { outcome, message } }) =>
        logger[isRecord ? 'warn' : 'info']({ action: id, outcome, message }, 'action ended'),
      ),
      bus.on(this.name, 'config.changed', changed =>
        logger.info({ changed }, 'the configuration is taken over'),
      ),
    ];
  }

  stop(): void {
    for (const end of this.ends) end();
  }

  configure({ log_level }: { log_level: LogLevel }): void {
    if (!this.isLevelFixed) this.logger.level = log_level;
  }

  private transition({ transition: { pid, agent, from, to, reason, evidence } }: AgentTransition): void {
    this.logger.info({ pid, agent, from, to, reason, evidence: evidence.text }, 'agent state');
  }

  private alert(change: AlertChange): void {
    const { type, quiet, alert } = change;
    const level = quiet || type === 'alert_resolved' ? 'info' : LEVEL_OF[alert.severity];
    this.logger[level]({ alert: alert.id, rule: alert.rule, severity: alert.severity }, terminalLine(change));
  }

  /** Those of processes were asked for: who asked has the answer. */
  private diagnosis({ alert_id, by, diagnostic, failure }: FinishedDiagnosis): void {
    if (alert_id === null) return;
    if (failure !== null) this.logger.warn({ alert: alert_id, why: failure }, 'no model explains');
    this.logger.info({ alert: alert_id, by, diagnostic }, 'alert explained');
  }
}
