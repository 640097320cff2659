import type { FaultLog } from './lib/log/faults.js';
import type { FinishedAction } from './model/action.js';
import type { AgentTransition } from './model/agent.js';
import type { Alert, AlertChange } from './model/alert.js';
import type { FinishedDiagnosis } from './model/diagnosis.js';
import type { KernelEvent, SensorGap, SensorState } from './model/kernel-event.js';
import type { Observation } from './model/observation.js';
import type { Snapshot } from './model/snapshot.js';

/** All that parts of vigil tell each other. Past tense: it has happened; who hears it can change nothing about it. */
export interface BusEvents {
  /** Straight from a kernel program, in order of time. Thousands a second: a listener does little, and keeps none. */
  'kernel.event': KernelEvent;
  /** Something of that was missed. */
  'sensor.gap': SensorGap;
  /** What the kernel programs tell of from now on; what is not named is as before. */
  'sensor.state': SensorState;
  /** What a user's helper read in an agent's files, checked and at our time. */
  'agent.file_read': Observation;
  /** Each observation that matters to an agent, just before it is applied. */
  'agent.observation': Observation;
  /** An agent's state or its reason changed. */
  'agent.transition': AgentTransition;
  /** A person looked at their agents, or has something new to look at; the user's uid. */
  'agent.seen': number;
  /** A look at the machine. The rules judge it afterwards. */
  'machine.snapshot': Snapshot;
  /** An alert was opened, updated or resolved; in the order in which it happened. */
  'alert.changed': AlertChange;
  /** The open alerts of the run before were taken over: all that are open now. */
  'alert.restored': readonly Alert[];
  /** The trouble of an alert of the run before was seen again: no change, and yet it is there. */
  'alert.found_again': Alert;
  /** What vigil did, or was kept from; recorded already. */
  'action.finished': FinishedAction;
  /** An alert or a process was explained, by a model or by the rules. */
  'diagnosis.finished': FinishedDiagnosis;
  /** Every module lives by the new configuration; the names of the keys that are new. */
  'config.changed': readonly string[];
}

export type BusEvent = keyof BusEvents;
export type Listener<E extends BusEvent> = (payload: BusEvents[E]) => unknown;

interface Subscription {
  owner: string;
  /** Null: it was ended. */
  listener: ((payload: never) => unknown) | null;
}

/**
 * Who has something to tell emits it; who wants to know of it listens; neither knows the other. Delivery is at once,
 * in the order of subscription. A listener that throws, or whose promise rejects, is recorded under its owner's name,
 * and takes nothing from the others or from who emits.
 */
export class Bus {
  /** Each list is replaced, never changed: a delivery under way goes on with its own. */
  private readonly subscriptions = new Map<BusEvent, readonly Subscription[]>();

  constructor(private readonly faults: Pick<FaultLog, 'record'>) {}

  /** Calls the listener with each such event, from the next one on, until the returned function is called. */
  on<E extends BusEvent>(owner: string, event: E, listener: Listener<E>): () => void {
    const subscription: Subscription = { owner, listener };
    this.subscriptions.set(event, [...(this.subscriptions.get(event) ?? []), subscription]);
    return () => {
      subscription.listener = null;
      const others = this.subscriptions.get(event) ?? [];
      this.subscriptions.set(
        event,
        others.filter(other => other !== subscription),
      );
    };
  }

  /** Never throws. Allocates nothing: kernel events come by the thousand. */
  emit<E extends BusEvent>(event: E, payload: BusEvents[E]): void {
    const subscriptions = this.subscriptions.get(event);
    if (subscriptions === undefined) return;
    for (let i = 0; i < subscriptions.length; i++) this.deliver(subscriptions[i]!, payload);
  }

  private deliver({ owner, listener }: Subscription, payload: unknown): void {
    if (listener === null) return;
    try {
      const result = listener(payload as never);
      if (result instanceof Promise) result.catch(error => this.faults.record(owner, error));
    } catch (error) {
      this.faults.record(owner, error);
    }
  }
}
