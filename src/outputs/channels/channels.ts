import type { Bus } from '../../bus.js';
import type { AlertChange } from '../../model/alert.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import type { Viewer } from '../../model/viewer.js';
import type { Channel, ChannelHealth } from './channel.js';
import { type ChannelDeps, type ChannelsConfig, channelPlans } from './setup.js';

/**
 * All ways out for alerts, exchanged while they are in use: what stays the same keeps its queue and what it has
 * announced, what goes still sends what waits, what comes begins with the next change.
 */
export class Channels implements Module<ChannelsConfig> {
  readonly name = 'channels';
  private current = new Map<string, Channel>();
  private readonly leaving = new Set<Channel>();
  private readonly endAlerts: () => void;

  constructor(
    config: ChannelsConfig,
    private readonly deps: ChannelDeps,
    bus: Bus,
  ) {
    this.configure(config);
    this.endAlerts = bus.on(this.name, 'alert.changed', change => {
      if (!change.quiet) this.send(change);
    });
  }

  configure(config: ChannelsConfig): void {
    const next = new Map<string, Channel>();
    for (const { key, create } of channelPlans(config, this.deps))
      next.set(key, this.current.get(key) ?? create());
    for (const [key, channel] of this.current) if (!next.has(key)) this.leave(channel);
    this.current = next;
  }

  send(change: AlertChange): void {
    for (const channel of this.current.values()) {
      try {
        channel.send(change);
      } catch (error) {
        // It promised not to: the others are told all the same.
        this.deps.log.error({ channel: channel.name, err: error }, 'a channel failed');
      }
    }
  }

  /** What has not left by now is given up. */
  async stop(): Promise<void> {
    this.endAlerts();
    await Promise.all([...this.current.values(), ...this.leaving].map(channel => channel.stop()));
  }

  /** Why one fails may name its address, which is for who sees everything. */
  states(viewer: Viewer): ChannelHealth[] {
    const states = [...this.current.values()].map(channel => channel.health());
    if (viewer.kind === 'all') return states;
    return states.map(state => ({
      ...state,
      trouble: state.trouble === null ? null : 'it fails: root sees why',
    }));
  }

  health(viewer: Viewer): ModuleHealth {
    const failing = this.states(viewer).filter(({ trouble }) => trouble !== null);
    return { problems: failing.map(({ name, trouble }) => `${name}: ${trouble}`) };
  }

  private leave(channel: Channel): void {
    this.leaving.add(channel);
    void channel
      .drained()
      .then(() => channel.stop())
      .catch(error => this.deps.log.error({ channel: channel.name, err: error }, 'a channel failed'))
      .finally(() => this.leaving.delete(channel));
  }
}
