import type { Message } from '@jellybrick/dbus-next';
import { DBUS, type SessionBus } from '../bus.js';
import { type Log, Once } from '../out.js';
import type { NotificationIntent } from './intent.js';

const NAME = 'org.freedesktop.Notifications';
const SERVER = { destination: NAME, path: '/org/freedesktop/Notifications', interface: NAME } as const;

/** Signals that came before it was known whose they are. */
const MAX_EARLY = 64;
const SLOW_MS = 5_000;
const RETRY_MS = 10_000;
const URGENCY = { low: 0, normal: 1, critical: 2 } as const;
const CATEGORY = {
  approval: 'x-vigil.request',
  question: 'x-vigil.request',
  done: 'x-vigil.done',
  stalled: 'x-vigil.trouble',
  hung: 'x-vigil.trouble',
  limit: 'x-vigil.trouble',
  available: 'x-vigil.done',
  auth: 'x-vigil.trouble',
  error: 'x-vigil.trouble',
  ended: 'x-vigil.trouble',
  alert: 'x-vigil.alert',
} as const;
const ICON = {
  approval: 'dialog-question',
  question: 'dialog-question',
  done: 'dialog-information',
  stalled: 'dialog-warning',
  hung: 'dialog-warning',
  limit: 'dialog-warning',
  available: 'dialog-information',
  auth: 'dialog-password',
  error: 'dialog-error',
  ended: 'dialog-error',
  alert: 'dialog-warning',
} as const;

export type PopupIntent = NotificationIntent & { round: number };

/** What a popup is about: an agent by its number (idOf), an alert by its id. There is never more than one of each. */
export type PopupSubject = `agent:${number}` | `alert:${number}`;

export type PopupAction = 'focus' | 'snooze' | 'details';

export interface PopupEvents {
  acted(subject: PopupSubject, key: string, action: PopupAction): void;
  shown(subject: PopupSubject, key: string): void;
  /** The person put it away, or it ran out of time. */
  dismissed(subject: PopupSubject, key: string): void;
}

/** One subject's notification: what should be there, what is there, and whether the server is being asked. */
interface Popup {
  intent: PopupIntent | null;
  shown: { id: number; intent: PopupIntent; content: string } | null;
  busy: boolean;
  /** The server did not take it; wait for it to change, or for the next try. */
  failed: boolean;
}

/**
 * Makes what is on the screen equal to what should be, one call at a time for each subject: states may flip
 * as fast as they like, there is never more than one notification of an agent, and the last state wins.
 */
export class Popups {
  private readonly popups = new Map<PopupSubject, Popup>();
  private capabilities: Promise<ReadonlySet<string>> | null = null;
  private owner: string | null = null;
  private readonly once: Once;
  private timer: NodeJS.Timeout | null = null;
  private closing = false;
  private early: Message[] = [];

  constructor(
    private readonly bus: SessionBus,
    log: Log,
    public snoozeMinutes: number,
    private readonly events: PopupEvents,
  ) {
    this.once = new Once(log);
  }

  set(intents: ReadonlyMap<PopupSubject, PopupIntent>): void {
    for (const [subject, popup] of this.popups)
      if (!intents.has(subject)) this.setIntent(subject, popup, null);
    for (const [subject, intent] of intents) {
      let popup = this.popups.get(subject);
      if (popup === undefined) {
        popup = { intent: null, shown: null, busy: false, failed: false };
        this.popups.set(subject, popup);
      }
      this.setIntent(subject, popup, intent);
    }
  }

  /** Takes everything from the screen; resolves when the server has done so, or soon. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const shown = [...this.popups.values()].map(popup => popup.shown?.id).filter(id => id !== undefined);
    this.popups.clear();
    await Promise.race([
      Promise.all(shown.map(id => this.closeCall(id).catch(() => {}))),
      new Promise(resolve => setTimeout(resolve, 500)),
    ]);
    this.closing = false;
  }

  /** The bus is there. */
  async connected(): Promise<void> {
    try {
      await this.bus.addMatch(`type='signal',sender='${NAME}',interface='${NAME}'`);
      await this.bus.addMatch(
        `type='signal',sender='${DBUS.destination}',interface='${DBUS.interface}',member='NameOwnerChanged',arg0='${NAME}'`,
      );
    } catch (error) {
      this.once.warn('bus', `no notifications: ${(error as Error).message}`);
    }
    this.serverChanged(null);
  }

  lost(): void {
    this.serverGone();
  }

  signal(message: Message): void {
    if (message.interface === DBUS.interface && message.sender === DBUS.destination) {
      const [name, , owner] = message.body as string[];
      if (message.member === 'NameOwnerChanged' && name === NAME) this.serverChanged(owner || null);
      return;
    }
    // Any program may send a signal of this name; only the server's counts.
    if (message.interface !== NAME || (this.owner !== null && message.sender !== this.owner)) return;
    const [id, what] = message.body as [number, string | number];
    const entry = [...this.popups].find(([, popup]) => popup.shown?.id === id);
    if (entry === undefined) {
      // The answer that says its id may be on its way, or just be taken in.
      if (this.isAsking && this.early.length < MAX_EARLY) this.early.push(message);
      return;
    }
    const [subject, popup] = entry;
    const { key, kind } = popup.shown!.intent;
    if (message.member === 'ActionInvoked') {
      const plain = kind === 'alert' ? 'details' : 'focus';
      this.events.acted(subject, key, what === 'snooze' ? 'snooze' : plain);
    } else if (message.member === 'NotificationClosed') {
      popup.shown = null;
      if (popup.busy) return;
      this.events.dismissed(subject, key);
    }
  }

  /** A new server knows nothing of what its predecessor showed. */
  private serverChanged(owner: string | null): void {
    this.serverGone();
    this.owner = owner;
    for (const [subject, popup] of this.popups) {
      popup.failed = false;
      void this.reconcile(subject, popup);
    }
  }

  private serverGone(): void {
    this.capabilities = null;
    this.owner = null;
    this.early = [];
    for (const popup of this.popups.values()) popup.shown = null;
  }

  private setIntent(subject: PopupSubject, popup: Popup, intent: PopupIntent | null): void {
    const before = popup.intent;
    popup.intent = intent;
    if (popup.failed && intent !== null && before !== null && content(before) === content(intent)) return;
    popup.failed = false;
    void this.reconcile(subject, popup);
  }

  private get isAsking(): boolean {
    return [...this.popups.values()].some(({ busy }) => busy);
  }

  /** What the person did with a popup that was known to nobody yet. */
  private hearEarly(): void {
    const { early } = this;
    this.early = [];
    for (const message of early) this.signal(message);
  }

  private async reconcile(subject: PopupSubject, popup: Popup): Promise<void> {
    if (popup.busy) return;
    if (this.bus.connection !== null) {
      const before = popup.shown;
      await this.approach(popup);
      if (popup.shown !== null && popup.shown !== before) this.events.shown(subject, popup.shown.intent.key);
      this.hearEarly();
    }
    // Also without a bus: what nobody wants any more is not kept.
    if (popup.intent === null && popup.shown === null && this.popups.get(subject) === popup)
      this.popups.delete(subject);
  }

  private async approach(popup: Popup): Promise<void> {
    popup.busy = true;
    try {
      for (let steps = 0; !this.closing && !popup.failed && steps < 1_000; steps++) {
        const { intent, shown } = popup;
        if (intent === null && shown === null) break;
        if (intent !== null && shown?.content === content(intent)) break;
        if (intent === null) {
          popup.shown = null;
          await this.closeCall(shown!.id).catch(() => {});
        } else await this.show(popup, intent);
      }
    } finally {
      popup.busy = false;
    }
  }

  private async show(popup: Popup, intent: PopupIntent): Promise<void> {
    const slow = setTimeout(
      () => this.once.warn('server', 'the notification server does not answer; waiting for it'),
      SLOW_MS,
    );
    const replaces = popup.shown?.id ?? 0;
    try {
      const [id] = await this.notify(intent, replaces);
      popup.shown = typeof id === 'number' && id > 0 ? { id, intent, content: content(intent) } : null;
      if (popup.shown === null) popup.failed = true;
      this.once.clear('server', 'the notification server answers again');
    } catch (error) {
      popup.failed = true;
      if (!this.closing) {
        this.once.warn('server', `cannot show notifications: ${(error as Error).message}`);
        this.retryLater();
      }
    } finally {
      clearTimeout(slow);
    }
  }

  private async notify(intent: PopupIntent, replaces: number): Promise<unknown[]> {
    this.capabilities ??= this.askCapabilities();
    const can = await this.capabilities;
    const Variant = this.bus.library!.Variant;
    const body = bodyOf(intent, can);
    return this.bus.call({
      ...SERVER,
      member: 'Notify',
      signature: 'susssasa{sv}i',
      body: [
        'vigil',
        replaces,
        intent.kind === 'alert' && intent.urgency === 'critical' ? 'dialog-error' : ICON[intent.kind],
        can.has('body') || body === '' ? intent.summary : `${intent.summary} ${intent.heading}`.trimEnd(),
        can.has('body') ? body : '',
        can.has('actions') ? this.actions(intent) : [],
        {
          urgency: new Variant('y', URGENCY[intent.urgency]),
          category: new Variant('s', CATEGORY[intent.kind]),
          'desktop-entry': new Variant('s', 'vigil'),
        },
        intent.urgency === 'critical' ? 0 : -1,
      ],
    });
  }

  /** Keys and labels in turn; `default` is a click on the popup itself. */
  private actions({ kind }: PopupIntent): string[] {
    if (kind === 'alert') return ['default', 'Details', 'details', 'Details'];
    return ['default', 'Focus', 'focus', 'Focus', 'snooze', `Snooze ${this.snoozeMinutes} min`];
  }

  private async askCapabilities(): Promise<ReadonlySet<string>> {
    try {
      const [list] = await this.bus.call({ ...SERVER, member: 'GetCapabilities' });
      const owner = await this.bus.call({ ...DBUS, member: 'GetNameOwner', signature: 's', body: [NAME] });
      this.owner = typeof owner[0] === 'string' ? owner[0] : null;
      return new Set(Array.isArray(list) ? (list as string[]) : []);
    } catch (error) {
      this.capabilities = null;
      throw error;
    }
  }

  private closeCall(id: number): Promise<unknown> {
    return this.bus.call({ ...SERVER, member: 'CloseNotification', signature: 'u', body: [id] });
  }

  private retryLater(): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      for (const [subject, popup] of this.popups) {
        popup.failed = false;
        void this.reconcile(subject, popup);
      }
    }, RETRY_MS);
  }
}

function content(intent: PopupIntent): string {
  return JSON.stringify([
    intent.key,
    intent.round,
    intent.summary,
    intent.heading,
    intent.lines,
    intent.urgency,
  ]);
}

/** Exported for its tests. */
export function bodyOf(intent: NotificationIntent, can: ReadonlySet<string>): string {
  if (!can.has('body-markup'))
    return [intent.heading, ...intent.lines].filter(line => line !== '').join('\n');
  const heading = intent.heading === '' ? [] : [`<b>${escapeMarkup(intent.heading)}</b>`];
  return [...heading, ...intent.lines.map(escapeMarkup)].join('\n');
}

export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
