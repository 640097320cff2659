import type { Socket } from 'node:net';
import { Rate } from '../../../lib/limits/rate.js';
import { connectUnix } from '../../../lib/net/unix-socket.js';
import { LineSplitter } from '../../../lib/text/lines.js';
import {
  type Compositor,
  type CompositorListener,
  type DesktopWindow,
  MAX_TITLE,
  MAX_WINDOWS,
  MESSAGES_AT_ONCE,
  MESSAGES_PER_S,
  windowOf,
} from './compositor.js';
import { isOtherTopic } from './topic.js';

const TIMEOUT_MS = 2_000;
/** A thousand windows have less than one. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;
const MAX_LINE = 64 * 1024;

/**
 * What `dispatch` takes: from 0.55 on, with a configuration in Lua, it is evaluated as `hl.dispatch(…)`; with one in
 * hyprlang it is words, as ever.
 */
type Language = 'words' | 'lua';
/** Answers to who speaks the other language: of `hl.dispatch` to words, of the dispatchers of old to Lua. */
const FOREIGN: Readonly<Record<Language, RegExp>> = { words: /hl\.dispatch/, lua: /^invalid dispatcher/i };

/**
 * Hyprland: `.socket.sock` answers one request a connection, `.socket2.sock` tells events as lines
 * `EVENT>>DATA`. Windows are known by address.
 */
export class HyprlandCompositor implements Compositor {
  readonly name = 'hyprland';
  private readonly known = new Map<number, DesktopWindow>();
  private focusedId: number | null = null;
  private language: Language = 'words';
  private over = false;
  private readonly lines = new LineSplitter(line => this.receive(line), MAX_LINE);
  private readonly messages = new Rate(MESSAGES_PER_S, MESSAGES_AT_ONCE);
  private reading = false;
  private readAgain = false;
  private why = 'it closed the connection';

  private constructor(
    private readonly directory: string,
    private readonly events: Socket,
    private readonly listener: CompositorListener,
  ) {
    events.setEncoding('utf8');
    events.on('data', (text: unknown) => this.lines.push(text as string));
    events.on('error', () => {});
    events.on('close', () => this.end());
  }

  /** `directory` holds both sockets: `$XDG_RUNTIME_DIR/hypr/<instance>`. */
  static async connect(directory: string, listener: CompositorListener): Promise<HyprlandCompositor> {
    const events = await connectUnix(`${directory}/.socket2.sock`, TIMEOUT_MS);
    const compositor = new HyprlandCompositor(directory, events, listener);
    try {
      await compositor.readAll();
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
    const address = `address:0x${window.toString(16)}`;
    await this.dispatch({ words: `focuswindow ${address}`, lua: `hl.dsp.focus({ window = "${address}" })` });
  }

  /** No word of `command` has a character that means anything to Lua within quotes: `LAUNCHABLE`. */
  async launch(command: readonly string[]): Promise<void> {
    const line = command.join(' ');
    await this.dispatch({ words: `exec ${line}`, lua: `hl.dsp.exec_cmd("${line}")` });
  }

  close(): void {
    this.over = true;
    this.events.destroy();
  }

  /** In the language that it took last, else in the other one: only its answer tells which it speaks. */
  private async dispatch(what: Readonly<Record<Language, string>>): Promise<void> {
    const other = this.language === 'lua' ? 'words' : 'lua';
    for (const language of [this.language, other] as const) {
      const reply = (await this.request(`dispatch ${what[language]}`)).trim();
      if (reply === 'ok') {
        this.language = language;
        return;
      }
      if (!FOREIGN[language].test(reply))
        throw new Error(`Hyprland refuses "${what[language]}": ${reply.slice(0, 100)}`);
    }
    throw new Error('Hyprland understands neither the dispatchers of its Lua nor those of before');
  }

  private async readAll(): Promise<void> {
    const clients: unknown = JSON.parse(await this.request('j/clients'));
    this.known.clear();
    for (const client of Array.isArray(clients) ? clients.slice(0, MAX_WINDOWS) : []) {
      const fields = (client ?? {}) as Record<string, unknown>;
      const id = addressOf(fields.address);
      if (id !== null) this.known.set(id, windowOf(id, fields));
    }
    const active = JSON.parse(await this.request('j/activewindow')) as { address?: unknown };
    this.focusedId = addressOf(active?.address);
  }

  private receive(line: string | null): void {
    if (line === null || this.over || this.events.destroyed) return;
    if (this.messages.take()) this.event(line);
    else this.lose(`it floods: more than ${MESSAGES_PER_S} messages a second`);
  }

  private event(line: string): void {
    const at = line.indexOf('>>');
    const name = line.slice(0, at);
    const id = addressOf(line.slice(at + 2).split(',', 1)[0]);
    if (name === 'activewindowv2') {
      this.focusedId = id;
      this.listener.changed();
    } else if (name === 'closewindow' && id !== null) {
      this.known.delete(id);
      if (this.focusedId === id) this.focusedId = null;
      this.listener.changed();
    } else if (name === 'windowtitlev2' && id !== null) {
      const window = this.known.get(id);
      // Everything behind the first comma: a title may have more of them.
      if (window === undefined) return;
      const title = line.slice(line.indexOf(',', at) + 1).slice(0, MAX_TITLE);
      this.known.set(id, { ...window, title });
      if (isOtherTopic(window.title, title)) this.listener.changed();
    } else if (name === 'openwindow') {
      void this.readSoon();
    }
  }

  /** One question at a time, however many windows open. */
  private async readSoon(): Promise<void> {
    this.readAgain = true;
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.readAgain && !this.over) {
        this.readAgain = false;
        await this.readAll();
        this.listener.changed();
      }
    } catch (error) {
      this.lose((error as Error).message);
    } finally {
      this.reading = false;
    }
  }

  private lose(why: string): void {
    this.why = why;
    this.events.destroy();
  }

  private async request(command: string): Promise<string> {
    const socket = await connectUnix(`${this.directory}/.socket.sock`, TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      // From the question on: one who answers a byte a second would be waited for for ever.
      const late = setTimeout(() => socket.destroy(new Error('Hyprland does not answer')), TIMEOUT_MS);
      socket.on('data', chunk => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MAX_REPLY_BYTES) socket.destroy(new Error('Hyprland answers too much'));
      });
      socket.on('error', reject);
      socket.on('close', () => clearTimeout(late));
      socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
      socket.write(command);
    });
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.listener.closed(this.why);
  }
}

/** Up to 48 bits, with or without `0x`. */
function addressOf(text: unknown): number | null {
  if (typeof text !== 'string' || !/^(0x)?[0-9a-f]{1,13}$/i.test(text)) return null;
  const id = Number.parseInt(text.replace(/^0x/i, ''), 16);
  return id >= 1 ? id : null;
}
