import { alertEvent } from '../../api/reports/alert.js';
import type { OwnedEvent } from '../../api/reports/event.js';
import type { EventService } from '../../api/services.js';
import type { Bus } from '../../bus.js';
import type { FaultLog } from '../../lib/log/faults.js';
import type { Module } from '../../model/module.js';
import { stateEvent } from '../../model/state-event.js';
import { KeptEvents } from './kept-events.js';
import { Listeners } from './listeners.js';

/** What has happened of late, and who is told of it as it happens. */
export class RecentEvents implements EventService, Module {
  readonly name = 'events';
  private readonly kept = new KeptEvents();
  private readonly followers: Listeners<OwnedEvent>;
  private readonly ends: readonly (() => void)[];

  constructor(bus: Bus, faults: Pick<FaultLog, 'record'>) {
    this.followers = new Listeners('followers of events', faults);
    this.ends = [
      bus.on(this.name, 'agent.transition', ({ transition, uid }) =>
        this.add({ uid, event: stateEvent(transition) }),
      ),
      bus.on(this.name, 'alert.changed', change =>
        this.add({ uid: change.alert.subject.uid, event: alertEvent(change), alert: change.alert }),
      ),
    ];
  }

  stop(): void {
    for (const end of this.ends) end();
  }

  recent(): OwnedEvent[] {
    return this.kept.all();
  }

  onEvent(listener: (event: OwnedEvent) => void): () => void {
    return this.followers.add(listener);
  }

  private add(owned: OwnedEvent): void {
    this.kept.add(owned);
    this.followers.emit(owned);
  }
}
