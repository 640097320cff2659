import type { HelperAgent, HelperAlert, HelperConfig } from '../protocol.js';
import { type AlertMemory, decideAlerts } from './alert-intent.js';
import type { DismissedAlerts } from './dismissed-alerts.js';
import { decide, type EventMemory, shownAt } from './policy.js';
import type { PopupIntent, PopupSubject } from './popups.js';

/** Quiet hours end by the minute. */
const QUIET_LOOK_MS = 60_000;

export interface PopupSchedulerInput {
  agents: readonly HelperAgent[];
  alerts: readonly HelperAlert[];
  isSeen(pid: number): boolean;
  now_ms: number;
}

/** What should be on the screen, with what its person did about it before. */
export class PopupScheduler {
  private memory: ReadonlyMap<number, EventMemory> = new Map();
  private alertMemory: ReadonlyMap<number, AlertMemory> = new Map();
  private alerts: readonly HelperAlert[] = [];

  constructor(
    private config: HelperConfig['notifications'],
    /** Turns that ended before this are no news. */
    private readonly started_ms: number,
    private readonly dismissedAlerts: Pick<DismissedAlerts, 'find' | 'add'>,
  ) {}

  /** What was announced before stays announced. */
  configure(config: HelperConfig['notifications']): void {
    this.config = config;
  }

  /** Adds to `dues` when to decide again although nothing happened. */
  intents(
    { agents, alerts, isSeen, now_ms }: PopupSchedulerInput,
    dues: number[],
  ): Map<PopupSubject, PopupIntent> {
    const { config, started_ms } = this;
    const date = new Date();
    const minute_of_day = date.getHours() * 60 + date.getMinutes();
    const events = decide(this.memory, { agents, isSeen, now_ms, minute_of_day, started_ms, config });
    const troubles = decideAlerts(this.remembered(alerts), alerts, minute_of_day, config);
    this.memory = events.memory;
    this.alertMemory = troubles.memory;
    this.alerts = alerts;
    if (events.again_ms !== null) dues.push(events.again_ms);
    if (troubles.held) dues.push(now_ms + QUIET_LOOK_MS);
    const intents = new Map<PopupSubject, PopupIntent>();
    for (const [pid, intent] of events.intents) intents.set(`agent:${pid}`, intent);
    for (const [id, intent] of troubles.intents) intents.set(`alert:${id}`, intent);
    return intents;
  }

  snooze(pid: number, key: string, now_ms: number): void {
    const snoozed_until_ms = now_ms + this.config.snooze_minutes * 60_000;
    this.remember(pid, key, memory => ({ ...memory, snoozed_until_ms }));
  }

  /** The popup is on the screen. */
  shown(subject: PopupSubject, key: string, now_ms: number): void {
    if (subject.startsWith('agent:'))
      this.remember(numberOf(subject), key, memory => shownAt(memory, now_ms));
  }

  /** The person put the popup away, or it ran out of time. */
  dismissed(subject: PopupSubject, key: string): void {
    const id = numberOf(subject);
    if (subject.startsWith('agent:')) {
      this.remember(id, key, memory =>
        memory.snoozed_until_ms === null ? { ...memory, popup: 'closed' } : memory,
      );
      return;
    }
    const memory = this.alertMemory.get(id);
    if (memory !== undefined)
      this.alertMemory = new Map(this.alertMemory).set(id, { ...memory, popup: 'closed' });
    const alert = this.alerts.find(one => one.id === id);
    if (alert !== undefined) this.dismissedAlerts.add(alert);
  }

  /** With what was dismissed before this helper began. */
  private remembered(alerts: readonly HelperAlert[]): ReadonlyMap<number, AlertMemory> {
    const memory = new Map(this.alertMemory);
    for (const alert of alerts) {
      const severity = memory.has(alert.id) ? null : this.dismissedAlerts.find(alert);
      if (severity !== null) memory.set(alert.id, { severity, popup: 'closed', round: 0 });
    }
    return memory;
  }

  private remember(pid: number, key: string, change: (memory: EventMemory) => EventMemory): void {
    const memory = this.memory.get(pid);
    if (memory?.key === key) this.memory = new Map(this.memory).set(pid, change(memory));
  }
}

/** The number of its agent (idOf), or the id of its alert. */
export function numberOf(subject: PopupSubject): number {
  return Number(subject.slice(subject.indexOf(':') + 1));
}
