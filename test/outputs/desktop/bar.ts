import type { ChildProcess } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Desktop } from './desktop.js';
import { until } from './desktop.js';

/** waybar with a tray and nothing else; what stands in it, asked as a host does. */
export class TrayBar {
  constructor(private readonly desktop: Desktop) {}

  start(): ChildProcess {
    const { user } = this.desktop;
    const config = join(user.runtime, 'tray-bar.json');
    const style = join(user.runtime, 'tray-bar.css');
    writeFileSync(config, JSON.stringify({ 'modules-right': ['tray'], height: 28 }));
    writeFileSync(style, '* { font-family: sans-serif; font-size: 14px; }');
    // What lies in a user's folder is theirs.
    for (const file of [config, style]) chownSync(file, user.uid, user.gid);
    const waybar = user.spawn(['waybar', '--config', config, '--style', style], this.desktop.env);
    waybar.stderr?.resume();
    waybar.stdout?.resume();
    return waybar;
  }

  /** Names on the bus of all items. */
  items(): string[] {
    const said = this.desktop.send(
      'org.kde.StatusNotifierWatcher',
      '/StatusNotifierWatcher',
      'org.freedesktop.DBus.Properties.Get',
      'string:org.kde.StatusNotifierWatcher',
      'string:RegisteredStatusNotifierItems',
    );
    return said.match(/:1\.\d+/g) ?? [];
  }

  /** The only item, once there is one. */
  item(): Promise<string> {
    return until(
      'one icon in the tray',
      () => {
        try {
          const items = this.items();
          return items.length === 1 ? items[0] : null;
        } catch {
          return null;
        }
      },
      10_000,
    );
  }

  /** The only item, once its tooltip says this. Items come and go meanwhile. */
  saying(text: string): Promise<string> {
    return until(
      `an icon that says "${text}"`,
      () => {
        try {
          const [item, ...more] = this.items();
          const said = item !== undefined && this.property(item, 'ToolTip').includes(text);
          return said && more.length === 0 ? item : null;
        } catch {
          return null;
        }
      },
      10_000,
    );
  }

  property(item: string, name: string): string {
    return this.desktop.send(
      item,
      '/StatusNotifierItem',
      'org.freedesktop.DBus.Properties.Get',
      'string:org.kde.StatusNotifierItem',
      `string:${name}`,
    );
  }

  menu(item: string, member: string, ...args: string[]): string {
    return this.desktop.send(item, '/MenuBar', `com.canonical.dbusmenu.${member}`, ...args);
  }

  layout(item: string): string {
    return this.menu(item, 'GetLayout', 'int32:0', 'int32:-1', 'array:string:');
  }

  /** Clicks the entry with this label. */
  click(item: string, label: string): void {
    const labels = [...this.layout(item).matchAll(/struct \{\s*int32 (\d+)/g)].map(match => match[1]!);
    const id = labels.find(one =>
      this.menu(item, 'GetProperty', `int32:${one}`, 'string:label').includes(label),
    );
    if (id === undefined) throw new Error(`no entry "${label}": ${this.layout(item)}`);
    this.menu(item, 'Event', `int32:${id}`, 'string:clicked', 'variant:int32:0', 'uint32:0');
  }
}
