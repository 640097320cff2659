import type { Message } from '@jellybrick/dbus-next';
import { Rate } from '../../../lib/limits/rate.js';
import { DBUS, type SessionBus } from '../bus.js';
import type { Log } from '../out.js';
import { discPixmap } from './icon.js';
import type { TrayAction, TrayModel } from './model.js';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const ITEM = { path: '/StatusNotifierItem', interface: 'org.kde.StatusNotifierItem' } as const;
const MENU = { path: '/MenuBar', interface: 'com.canonical.dbusmenu' } as const;
/** A person does not click faster; each may open a window. */
const CLICKS_PER_S = 2;
const CLICKS_AT_ONCE = 10;
/** More entries than the menu can have are not looked at. */
const MAX_ASKED = 200;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** Signature and body of an answer. */
type Answer = [signature: string, body: unknown[]];
type Values = Record<string, [signature: string, value: unknown]>;

/**
 * The tray icon: a StatusNotifierItem and its menu (com.canonical.dbusmenu), answered by hand: both are small,
 * and hosts differ in what they ask for.
 */
export class Tray {
  private model: TrayModel | null = null;
  private shown = '';
  private revision = 1;
  private registered = false;
  /** By the configuration. Hosts keep an item as long as its connection, but do not show a passive one. */
  private wanted = true;
  private readonly clicks = new Rate(CLICKS_PER_S, CLICKS_AT_ONCE);

  constructor(
    private readonly bus: SessionBus,
    private readonly log: Log,
    private readonly act: (action: TrayAction) => void,
  ) {}

  set(model: TrayModel, wanted = true): void {
    const text = JSON.stringify([model, wanted]);
    if (text === this.shown) return;
    const turned = wanted !== this.wanted;
    this.wanted = wanted;
    const { color, items } = this.model ?? { color: null, items: null };
    this.shown = text;
    this.model = model;
    if (!this.registered) return;
    if (color !== model.color) this.signal(ITEM, 'NewIcon');
    this.signal(ITEM, 'NewToolTip');
    if (color !== model.color || turned) this.signal(ITEM, 'NewStatus', 's', [this.status()]);
    if (JSON.stringify(items) !== JSON.stringify(model.items))
      this.signal(MENU, 'LayoutUpdated', 'ui', [++this.revision, 0]);
  }

  async connected(): Promise<void> {
    this.registered = false;
    const { connection } = this.bus;
    if (connection === null) return;
    connection.addMethodHandler(message => this.answer(message));
    try {
      await this.bus.addMatch(
        `type='signal',sender='${DBUS.destination}',interface='${DBUS.interface}',member='NameOwnerChanged',arg0='${WATCHER}'`,
      );
    } catch {
      return;
    }
    await this.register();
  }

  /** Hosts drop the items of a connection that ended. */
  lost(): void {
    this.registered = false;
  }

  /** A tray has taken the icon. */
  get isShown(): boolean {
    return this.registered;
  }

  busSignal(message: Message): void {
    const [name, , owner] = message.body as string[];
    if (message.member !== 'NameOwnerChanged' || message.sender !== DBUS.destination || name !== WATCHER)
      return;
    this.registered = false;
    if (owner) void this.register();
  }

  /** Without a tray on the desktop there is nobody to register with, and that is fine. */
  private async register(): Promise<void> {
    const name = this.bus.connection?.name;
    if (!name) return;
    try {
      await this.bus.call({
        destination: WATCHER,
        path: '/StatusNotifierWatcher',
        interface: WATCHER,
        member: 'RegisterStatusNotifierItem',
        signature: 's',
        body: [name],
      });
      this.registered = true;
      this.log('debug', 'the tray has the icon');
    } catch (error) {
      this.log('debug', `no tray: ${(error as Error).message}`);
    }
  }

  private answer(message: Message): boolean {
    const { connection, library } = this.bus;
    if (connection === null || library === null || this.model === null) return false;
    if (message.path !== ITEM.path && message.path !== MENU.path) return false;
    const answer = message.interface === PROPERTIES ? this.property(message) : this.method(message);
    if (answer === null) return false;
    connection.send(library.Message.newMethodReturn(message, answer[0], answer[1]));
    return true;
  }

  private property({ path, member, body }: Message): Answer | null {
    const values = path === ITEM.path ? this.itemValues() : MENU_VALUES;
    if (member === 'GetAll') return ['a{sv}', [this.variants(values)]];
    const value = propertyOf(values, body[1]);
    if (member !== 'Get' || value === undefined) return null;
    return ['v', [this.variant(value)]];
  }

  private method({ interface: name, member, body }: Message): Answer | null {
    if (name === ITEM.interface) {
      // A click is Focus for the first in the menu; hosts open the menu themselves.
      const first = this.model?.items.find(({ action }) => action?.type === 'focus')?.action;
      if (member === 'Activate' && first != null) this.actSoon(first);
      return ['', []];
    }
    if (name !== MENU.interface) return null;
    switch (member) {
      case 'GetLayout':
        return ['u(ia{sv}av)', [this.revision, this.layout(idOf(body[0]))]];
      case 'GetGroupProperties':
        return ['a(ia{sv})', [this.group(listOf(body[0]).map(idOf))]];
      case 'GetProperty': {
        const value = propertyOf(this.itemProperties(idOf(body[0])), body[1]);
        return ['v', [this.variant(value ?? ['s', ''])]];
      }
      case 'AboutToShow':
        return ['b', [false]];
      case 'AboutToShowGroup':
        return ['aiai', [[], []]];
      case 'Event':
        this.event(idOf(body[0]), body[1]);
        return ['', []];
      case 'EventGroup':
        for (const event of listOf(body[0])) this.event(idOf(listOf(event)[0]), listOf(event)[1]);
        return ['ai', [[]]];
      default:
        return null;
    }
  }

  private event(id: number, type: unknown): void {
    const action = this.model?.items[id - 1]?.action;
    if (type === 'clicked' && action != null) this.actSoon(action);
  }

  /** The host gets its answer first: Quit ends the connection. */
  private actSoon(action: TrayAction): void {
    if (this.clicks.take()) setImmediate(() => this.act(action));
  }

  /** None asked for: all. */
  private group(ids: readonly number[]): unknown[] {
    const known = [0, ...this.itemIds()];
    const wanted = ids.length === 0 ? known : known.filter(id => ids.includes(id));
    return wanted.map(id => [id, this.variants(this.itemProperties(id))]);
  }

  private itemIds(): number[] {
    return (this.model?.items ?? []).map((_, index) => index + 1);
  }

  /** 0 is the root, the rest in their order. */
  private layout(parent: number): unknown[] {
    if (parent !== 0) return [parent, this.variants(this.itemProperties(parent)), []];
    const { Variant } = this.bus.library!;
    const children = this.itemIds().map(
      id => new Variant('(ia{sv}av)', [id, this.variants(this.itemProperties(id)), []]),
    );
    return [0, this.variants(this.itemProperties(0)), children];
  }

  private itemProperties(id: number): Values {
    if (id === 0) return { 'children-display': ['s', 'submenu'] };
    const item = this.model?.items[id - 1];
    if (item === undefined) return {};
    if (item.label === null) return { type: ['s', 'separator'], visible: ['b', true] };
    // An underscore marks the key of a menu entry; two are one.
    return {
      label: ['s', item.label.replaceAll('_', '__')],
      enabled: ['b', item.action !== null],
      visible: ['b', true],
    };
  }

  private status(): string {
    if (!this.wanted) return 'Passive';
    return this.model?.color === 'red' || this.model?.color === 'yellow' ? 'NeedsAttention' : 'Active';
  }

  private itemValues(): Values {
    const pixmap = [discPixmap(this.model?.color ?? 'grey')];
    return {
      Category: ['s', 'SystemServices'],
      Id: ['s', 'vigil'],
      Title: ['s', 'vigil'],
      Status: ['s', this.status()],
      WindowId: ['i', 0],
      IconName: ['s', ''],
      IconThemePath: ['s', ''],
      IconPixmap: ['a(iiay)', pixmap],
      OverlayIconName: ['s', ''],
      OverlayIconPixmap: ['a(iiay)', []],
      AttentionIconName: ['s', ''],
      AttentionIconPixmap: ['a(iiay)', pixmap],
      AttentionMovieName: ['s', ''],
      ToolTip: ['(sa(iiay)ss)', ['', [], 'vigil', this.model?.tooltip ?? '']],
      ItemIsMenu: ['b', false],
      Menu: ['o', MENU.path],
    };
  }

  private variant([signature, value]: [string, unknown]): unknown {
    return new this.bus.library!.Variant(signature, value);
  }

  private variants(values: Values): Record<string, unknown> {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.variant(value)]));
  }

  private signal(where: typeof ITEM | typeof MENU, name: string, signature = '', body: unknown[] = []): void {
    const { connection, library } = this.bus;
    if (connection === null || library === null) return;
    try {
      connection.send(library.Message.newSignal(where.path, where.interface, name, signature, body));
    } catch {
      // the connection is ending; its end is told elsewhere
    }
  }
}

/** What a host sent may be of any type. */
function propertyOf(values: Values, name: unknown): Values[string] | undefined {
  return typeof name === 'string' && Object.hasOwn(values, name) ? values[name] : undefined;
}

function idOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? value : -1;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ASKED) : [];
}

const MENU_VALUES: Values = {
  Version: ['u', 3],
  TextDirection: ['s', 'ltr'],
  Status: ['s', 'normal'],
  IconThemePath: ['as', []],
};
