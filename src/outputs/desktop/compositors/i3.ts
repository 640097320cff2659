import type { Socket } from 'node:net';
import { Rate } from '../../../lib/limits/rate.js';
import { connectUnix } from '../../../lib/net/unix-socket.js';
import {
  type Compositor,
  type CompositorListener,
  type DesktopWindow,
  MAX_TITLE,
  MAX_WINDOWS,
  MESSAGES_AT_ONCE,
  MESSAGES_PER_S,
} from './compositor.js';
import { COMMAND, EVENT, encodeMessage, I3Decoder, type I3Message, type I3Node } from './i3-messages.js';
import { isOtherTopic } from './topic.js';

const TIMEOUT_MS = 2_000;
const MAX_DEPTH = 200;

/** sway and i3 speak the same language. */
export class I3Compositor implements Compositor {
  private readonly known = new Map<number, DesktopWindow>();
  private focusedId: number | null = null;
  private readonly decoder = new I3Decoder();
  private readonly waiting: { type: number; resolve(payload: unknown): void; reject(error: Error): void }[] =
    [];
  private readonly messages = new Rate(MESSAGES_PER_S, MESSAGES_AT_ONCE);
  private over = false;

  private constructor(
    readonly name: 'sway' | 'i3',
    private readonly socket: Socket,
    private readonly listener: CompositorListener,
  ) {
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', error => this.end(error.message));
    socket.on('close', () => this.end('it closed the connection'));
  }

  static async connect(
    name: 'sway' | 'i3',
    path: string,
    listener: CompositorListener,
  ): Promise<I3Compositor> {
    const socket = await connectUnix(path, TIMEOUT_MS);
    const compositor = new I3Compositor(name, socket, listener);
    try {
      // First the events, then the tree: nothing can happen unnoticed in between.
      await compositor.request(COMMAND.subscribe, '["window","workspace","shutdown"]');
      await compositor.readTree();
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

  async focus(window: number): Promise<void> {
    await this.command(`[con_id=${window}] focus`, `${this.name} does not focus window ${window}`);
  }

  async launch(command: readonly string[]): Promise<void> {
    await this.command(`exec ${command.join(' ')}`, `${this.name} does not start ${command[0]}`);
  }

  close(): void {
    this.over = true;
    this.socket.destroy();
    this.failAll(new Error('closed'));
  }

  private async command(text: string, refused: string): Promise<void> {
    const results = (await this.request(COMMAND.run, text)) as { success?: boolean }[];
    if (!results?.[0]?.success) throw new Error(refused);
  }

  private async readTree(): Promise<void> {
    const tree = await this.request(COMMAND.tree);
    this.known.clear();
    this.focusedId = null;
    this.walk(tree as I3Node, 0);
  }

  private keep(window: DesktopWindow): void {
    if (this.known.size < MAX_WINDOWS || this.known.has(window.id)) this.known.set(window.id, window);
  }

  private walk(node: I3Node, depth: number): void {
    if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return;
    const window = asWindow(node);
    if (window !== null) {
      this.keep(window);
      if (node.focused === true) this.focusedId = window.id;
    }
    for (const list of [node.nodes, node.floating_nodes])
      if (Array.isArray(list)) for (const child of list) this.walk(child as I3Node, depth + 1);
  }

  private request(type: number, payload = ''): Promise<unknown> {
    if (this.over) return Promise.reject(new Error(`the connection to ${this.name} is over`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.name} does not answer`));
        this.socket.destroy();
      }, TIMEOUT_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.waiting.push({ type, resolve: settle(resolve), reject: settle(reject) });
      this.socket.write(encodeMessage(type, payload));
    });
  }

  private receive(chunk: Buffer): void {
    try {
      for (const message of this.decoder.push(chunk)) {
        if (!this.messages.take())
          throw new Error(`it floods: more than ${MESSAGES_PER_S} messages a second`);
        this.take(message);
      }
    } catch (error) {
      this.socket.destroy(error as Error);
    }
  }

  private take({ type, payload }: I3Message): void {
    if (type >>> 31 === 0) {
      this.waiting.shift()?.resolve(payload);
      return;
    }
    if (type === EVENT.window) this.windowEvent(payload as { change?: unknown; container?: I3Node });
    else if (type === EVENT.workspace) this.workspaceEvent(payload as { change?: unknown; current?: I3Node });
    else if (type === EVENT.shutdown) this.socket.destroy();
  }

  private windowEvent({ change, container }: { change?: unknown; container?: I3Node }): void {
    const window = container === undefined ? null : asWindow(container);
    if (window === null) return;
    if (change === 'close') {
      this.known.delete(window.id);
      if (this.focusedId === window.id) this.focusedId = null;
    } else {
      const before = this.known.get(window.id)?.title;
      this.keep(window);
      if (change === 'focus') this.focusedId = window.id;
      else if (change === 'title' && !isOtherTopic(before, window.title)) return;
    }
    this.listener.changed();
  }

  /** The focus went to a workspace without windows: no window event tells. */
  private workspaceEvent({ change, current }: { change?: unknown; current?: I3Node }): void {
    if (change !== 'focus' || current === undefined) return;
    const empty = [current.nodes, current.floating_nodes].every(
      list => !Array.isArray(list) || list.length === 0,
    );
    if (!empty || this.focusedId === null) return;
    this.focusedId = null;
    this.listener.changed();
  }

  private end(why: string): void {
    if (this.over) return;
    this.over = true;
    this.failAll(new Error(why));
    this.listener.closed(why);
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

function asWindow(node: I3Node): DesktopWindow | null {
  const { id, pid, window, name, type } = node;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return null;
  if (type !== 'con' && type !== 'floating_con') return null;
  const x11 = typeof window === 'number' ? window : null;
  const process = typeof pid === 'number' && pid > 0 ? pid : null;
  if (x11 === null && process === null) return null;
  return { id, pid: process, x11, title: typeof name === 'string' ? name.slice(0, MAX_TITLE) : '' };
}
