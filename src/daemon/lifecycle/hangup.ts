import { hasTerminal } from '../../lib/process/tty-hang-up.js';
import type { Module } from '../../model/module.js';
import type { ConfigReloader } from './reload.js';
import type { StopSignals } from './stop-signals.js';

/**
 * SIGHUP has two meanings: to a service it says "read your configuration", to a program of a terminal that the
 * terminal is closed. It is the second when there was a terminal and is none any more.
 */
export class HangUp implements Module {
  readonly name = 'hang-up';
  private readonly hadTerminal = hasTerminal();
  private readonly heard = () => {
    if (this.hadTerminal && !hasTerminal()) this.signals.request('SIGHUP');
    else this.configuration.tryReload();
  };

  constructor(
    private readonly configuration: Pick<ConfigReloader, 'tryReload'>,
    private readonly signals: Pick<StopSignals, 'request'>,
  ) {}

  start(): void {
    process.on('SIGHUP', this.heard);
  }

  stop(): void {
    process.off('SIGHUP', this.heard);
  }
}
