import { expect, it } from 'vitest';
import { Bus } from '../../../src/bus.js';
import { Modules } from '../../../src/daemon/lifecycle/modules.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import type { AgentTransition } from '../../../src/model/agent.js';
import type { Module, ModuleHealth } from '../../../src/model/module.js';

/** The example of docs/extending.md: one file, and one line in the list of modules. */

interface BellConfig {
  bell: { for_states: readonly string[] };
}

class Bell implements Module<BellConfig> {
  readonly name = 'bell';
  private rung = 0;
  private readonly end: () => void;

  constructor(
    private config: BellConfig,
    bus: Bus,
    private readonly ring: () => void,
  ) {
    this.end = bus.on(this.name, 'agent.transition', event => this.transition(event));
  }

  stop(): void {
    this.end();
  }

  configure(config: BellConfig): void {
    this.config = config;
  }

  health(): ModuleHealth {
    return { problems: [], report: { rung: this.rung } };
  }

  private transition({ transition: { to } }: AgentTransition): void {
    if (!this.config.bell.for_states.includes(to)) return;
    this.ring();
    this.rung++;
  }
}

const transition = (to: AgentTransition['transition']['to']): AgentTransition => ({
  uid: 1000,
  transition: {
    time_ms: 1,
    pid: 2,
    agent: 'claude-code',
    from: 'WORKING',
    to,
    reason: null,
    evidence: { source: 'osc', text: 'it says so', time_ms: 1 },
    ending: null,
    tty: null,
    cwd: null,
  },
});

it('one more module hears, is told of another configuration, shows its health and falls silent', async () => {
  const bus = new Bus(new FaultLog(silentLogger()));
  const modules = new Modules<BellConfig>({ logger: silentLogger() });
  let rings = 0;
  const waiting = { bell: { for_states: ['WAITING'] } };
  const bell = new Bell(waiting, bus, () => {
    rings++;
  });
  await modules.start([bell], new AbortController().signal);
  bus.emit('agent.transition', transition('WAITING'));
  bus.emit('agent.transition', transition('EXITED'));
  expect(rings).toBe(1);
  modules.configure({ bell: { for_states: ['EXITED'] } }, waiting);
  bus.emit('agent.transition', transition('EXITED'));
  expect(rings).toBe(2);
  expect(modules.health({ kind: 'all' }).reports).toEqual({ bell: { rung: 2 } });
  await modules.stop();
  bus.emit('agent.transition', transition('EXITED'));
  expect(rings).toBe(2);
});
