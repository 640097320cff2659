import type { AlertChange } from '../../model/alert.js';
import type { Channel, ChannelHealth } from './channel.js';
import { type ChannelDeps, type ChannelsConfig, channelPlans } from './setup.js';

/**
 * All ways out for alerts, exchanged while they are in use: what stays the same keeps its queue and what it has
 * announced, what goes still sends what waits, what comes begins with the next change.
 */
export class Channels {
  private current = new Map<string, Channel>();
  private readonly leaving = new Set<Channel>();

  constructor(
    config: ChannelsConfig,
    private readonly deps: ChannelDeps,
  ) {
    this.configure(config);
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
    await Promise.all([...this.current.values(), ...this.leaving].map(channel => channel.stop()));
  }

  health(): ChannelHealth[] {
    return [...this.current.values()].map(channel => channel.health());
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
