import type { Socket } from 'node:net';
import { Rate } from '../../../lib/limits/rate.js';
import { connectUnix } from '../../../lib/net/unix-socket.js';
import { LineSplitter } from '../../../lib/text/lines.js';
import {
  type Compositor,
  type CompositorListener,
  type DesktopWindow,
  MAX_WINDOWS,
  MESSAGES_AT_ONCE,
  MESSAGES_PER_S,
  windowOf,
} from './compositor.js';
import { isOtherTopic } from './topic.js';

const TIMEOUT_MS = 2_000;
/** All windows are one line at the start. */
const MAX_LINE = 4 * 1024 * 1024;

type Fields = Record<string, unknown>;

/**
 * niri from 0.1.9 on (https://yalter.github.io/niri/IPC.html): JSON lines, one request a connection. `"EventStream"` tells
 * everything there is, then what changes: `{"WindowFocusChanged":{"id":12}}`.
 */
export class NiriCompositor implements Compositor {
  readonly name = 'niri';
  private readonly known = new Map<number, DesktopWindow>();
  private focusedId: number | null = null;
  private over = false;
  private why = 'it closed the connection';
  private readonly messages = new Rate(MESSAGES_PER_S, MESSAGES_AT_ONCE);
  private readonly lines = new LineSplitter(line => this.receive(line), MAX_LINE);
  private told: (error: Error | null) => void = () => {};

  private constructor(
    private readonly path: string,
    private readonly events: Socket,
    private readonly listener: CompositorListener,
  ) {
    events.setEncoding('utf8');
    events.on('data', (text: unknown) => this.lines.push(text as string));
    events.on('error', () => {});
    events.on('close', () => this.end());
  }

  /** `path`: `$NIRI_SOCKET`. */
  static async connect(path: string, listener: CompositorListener): Promise<NiriCompositor> {
    const compositor = new NiriCompositor(path, await connectUnix(path, TIMEOUT_MS), listener);
    try {
      await compositor.begin();
      return compositor;
    } catch (error) {
      compositor.close();
      throw error;
    }
  }

  windows(): ReadonlyMap<number, DesktopWindow> {
    return this.known;
  }

  focused(): number | null {
    return this.focusedId;
  }

  focus(window: number): Promise<void> {
    return this.act({ FocusWindow: { id: window } });
  }

  launch(command: readonly string[]): Promise<void> {
    return this.act({ Spawn: { command } });
  }

  close(): void {
    this.over = true;
    this.events.destroy();
  }

  /** Until it has told of all windows. */
  private begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.told(new Error('niri does not answer')), TIMEOUT_MS);
      this.told = error => {
        clearTimeout(late);
        this.told = () => {};
        if (error === null) resolve();
        else reject(error);
      };
      this.events.write('"EventStream"\n');
    });
  }

  private receive(line: string | null): void {
    if (this.over || this.events.destroyed) return;
    const [event, trouble] = this.parsed(line);
    if (trouble !== null) this.lose(trouble);
    if (typeof event !== 'object' || event === null) return;
    const [[name, data] = ['', null]] = Object.entries(event);
    if (typeof data === 'object' && data !== null) this.event(name, data as Fields);
    else if (name === 'Err') this.lose(`it refuses: ${String(data).slice(0, 100)}`);
  }

  private parsed(line: string | null): [unknown, string | null] {
    if (!this.messages.take()) return [null, `it floods: more than ${MESSAGES_PER_S} messages a second`];
    if (line === null) return [null, 'it says too much at once'];
    try {
      return [JSON.parse(line), null];
    } catch {
      return [null, 'it does not speak JSON'];
    }
  }

  private event(name: string, data: Fields): void {
    switch (name) {
      case 'WindowsChanged':
        this.known.clear();
        this.focusedId = null;
        for (const window of Array.isArray(data.windows) ? data.windows.slice(0, MAX_WINDOWS) : [])
          this.keep(window);
        this.told(null);
        break;
      case 'WindowOpenedOrChanged':
        if (!this.renewed(data.window)) return;
        break;
      case 'WindowClosed': {
        const id = idOf(data.id);
        if (id === null) return;
        this.known.delete(id);
        if (this.focusedId === id) this.focusedId = null;
        break;
      }
      case 'WindowFocusChanged':
        this.focusedId = idOf(data.id);
        break;
      default:
        return;
    }
    this.listener.changed();
  }

  /** Whether that is news: titles spin. */
  private renewed(window: unknown): boolean {
    const id = idOf((window as Fields | null)?.id) ?? 0;
    const before = this.known.get(id);
    if (before === undefined && this.known.size >= MAX_WINDOWS) return false;
    const focused = this.focusedId;
    this.keep(window);
    const after = this.known.get(id);
    return (
      before?.pid !== after?.pid ||
      focused !== this.focusedId ||
      isOtherTopic(before?.title, after?.title ?? '')
    );
  }

  private keep(window: unknown): void {
    const fields = (window ?? {}) as Fields;
    const id = idOf(fields.id);
    if (id === null) return;
    this.known.set(id, windowOf(id, fields));
    if (fields.is_focused === true) this.focusedId = id;
  }

  private async act(action: Fields): Promise<void> {
    const socket = await connectUnix(this.path, TIMEOUT_MS);
    const reply = await new Promise<string | null>((resolve, reject) => {
      const late = setTimeout(() => socket.destroy(new Error('niri does not answer')), TIMEOUT_MS);
      const lines = new LineSplitter(line => {
        resolve(line);
        socket.destroy();
      }, MAX_LINE);
      socket.setEncoding('utf8');
      socket.on('data', (text: unknown) => lines.push(text as string));
      socket.on('error', reject);
      socket.on('close', () => {
        clearTimeout(late);
        reject(new Error('niri closed the connection'));
      });
      socket.write(`${JSON.stringify({ Action: action })}\n`);
    });
    if (reply?.startsWith('{"Ok"') !== true) throw new Error(`niri refuses: ${(reply ?? '').slice(0, 100)}`);
  }

  private lose(why: string): void {
    this.why = why;
    this.events.destroy();
  }

  private end(): void {
    this.told(new Error(this.why));
    if (this.over) return;
    this.over = true;
    this.listener.closed(this.why);
  }
}

function idOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 1 ? (value as number) : null;
}
