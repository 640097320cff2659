import type { Alert } from '../../model/alert.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Push } from '../contract.js';
import { type SeedPush, seedAlert, seedStatus } from '../runaway-guard/rows.js';
import type { DaemonView, OwnedEvent } from '../services.js';
import type { Connection } from './connection.js';
import { mayView, type View } from './peer.js';

/** What clients are sent unasked: events, observations, and what RunawayGuard's expect. */
export class Subscriptions {
  private stopEvents: (() => void) | null = null;
  private stopMachine: (() => void) | null = null;
  private stopObservations: (() => void) | null = null;

  constructor(
    private readonly view: DaemonView,
    private readonly connections: ReadonlySet<Connection>,
  ) {}

  start(): void {
    this.stopEvents = this.view.onEvent(owned => this.tell(owned));
  }

  stop(): void {
    this.stopEvents?.();
    this.stopEvents = null;
    this.endMachine();
    this.endObservations();
  }

  broadcastTo(connection: Connection): void {
    connection.broadcast = true;
    this.stopMachine ??= this.view.onMachine(snapshot => this.tellStatus(snapshot));
  }

  /** Observations are many: nothing is made of them while nobody records. */
  recordFor(connection: Connection): void {
    connection.recording = true;
    this.stopObservations ??= this.view.onObservation(observation => {
      const line = lineOf({ type: 'observation', data: observation } satisfies Push);
      for (const other of this.connections) if (other.recording) other.push(line);
    });
  }

  /** A client is gone. */
  closed(): void {
    const others = [...this.connections];
    if (!others.some(other => other.broadcast)) this.endMachine();
    if (!others.some(other => other.recording)) this.endObservations();
  }

  private endMachine(): void {
    this.stopMachine?.();
    this.stopMachine = null;
  }

  private endObservations(): void {
    this.stopObservations?.();
    this.stopObservations = null;
  }

  /** Written once for all who see the same. */
  private tell(owned: OwnedEvent): void {
    const lines = new OncePerView<EventLines | null>(sees => linesOf(this.view.eventFor(owned, sees)));
    for (const connection of this.connections) {
      if (!(connection.following || connection.broadcast) || !mayView(connection.sees, owned.uid)) continue;
      const { event, alert } = lines.of(connection.sees) ?? {};
      if (connection.following && event !== undefined) connection.push(event);
      if (connection.broadcast && alert !== undefined) connection.push(alert);
    }
  }

  private tellStatus(snapshot: Snapshot): void {
    const open = this.view.openAlerts();
    const lines = new OncePerView(sees => {
      const own = open.filter(({ subject }) => mayView(sees, subject.uid));
      return lineOf(seedStatus(snapshot, own.length));
    });
    for (const other of this.connections) if (other.broadcast) other.push(lines.of(other.sees));
  }
}

interface EventLines {
  event: Buffer;
  /** Of an alert that was opened. */
  alert?: Buffer;
}

function linesOf(owned: OwnedEvent | null): EventLines | null {
  if (owned === null) return null;
  const { event, alert } = owned;
  const line = lineOf({ type: 'event', data: event } satisfies Push);
  return event.type === 'alert_opened' && alert !== undefined
    ? { event: line, alert: seedLine(alert) }
    : { event: line };
}

function seedLine(alert: Alert): Buffer {
  return lineOf({ type: 'alert', data: seedAlert(alert) } satisfies SeedPush);
}

function lineOf(push: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(push)}\n`);
}

/** Who sees the same gets the same. */
class OncePerView<T> {
  private readonly made = new Map<string, T>();

  constructor(private readonly make: (sees: View) => T) {}

  of(sees: View): T {
    const key = sees.kind === 'user' ? `user ${sees.uid}` : sees.kind;
    let one = this.made.get(key);
    if (one === undefined) {
      one = this.make(sees);
      this.made.set(key, one);
    }
    return one;
  }
}
