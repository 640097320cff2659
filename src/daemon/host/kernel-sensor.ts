import type { Bus } from '../../bus.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import { createSensor, type SensorOptions } from '../../sources/kernel/index.js';
import type { Sensor } from '../../sources/kernel/sensor.js';

/** Who reads that this tier runs wants to know what it costs. */
const UNSEEN_BY_PROCFS =
  'titles, status sequences and keys are not seen, so states come up to a second later and typing can look like work' +
  ' (docs/places.md)';

/** What the kernel tells, on the bus. */
export class KernelSensor implements Module {
  readonly name = 'sensor';
  readonly sensor: Sensor;

  constructor(
    private readonly options: SensorOptions,
    bus: Bus,
  ) {
    this.sensor = createSensor(options, {
      event: event => bus.emit('kernel.event', event),
      gap: reason => bus.emit('sensor.gap', { reason }),
      lost: lost => bus.emit('sensor.gap', { lost }),
      lifecycle: lifecycle => bus.emit('sensor.state', { lifecycle }),
      terminal: terminal => bus.emit('sensor.state', { terminal }),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.sensor.start(signal);
    const { tier, tier_reason, bpftrace_version } = this.sensor.health();
    this.options.logger.info({ tier, reason: tier_reason, bpftrace: bpftrace_version }, 'sensor tier');
  }

  stop(): Promise<void> {
    return this.sensor.stop();
  }

  health(): ModuleHealth {
    const { programs, tier, tier_reason } = this.sensor.health();
    const problems = programs.flatMap(({ name, problem, missing }) =>
      [...(problem === null ? [] : [problem]), ...missing].map(text => `${name}: ${text}`),
    );
    if (tier === 'procfs') problems.push(`no kernel events: ${tier_reason}; ${UNSEEN_BY_PROCFS}`);
    return { problems };
  }
}
