import { type ApiClient, connectToDaemon } from '../../api/client/index.js';

/** A connection to the daemon that a live view asks again and again, and that is made anew when it breaks. */

export interface LiveScreenOptions {
  runtimeDir: string | undefined;
  /** How often `refresh` is called when nothing happens. */
  tick_ms: number;
  /** At an event the view is refreshed at once, yet not more often than this. */
  coalesce_ms: number;
  /** Asks what it shows. */
  refresh(client: ApiClient): Promise<void>;
  /** After each attempt; `trouble` says why the last one failed. */
  refreshed(trouble: string | null): void;
}

export class LiveScreen {
  private connected: ApiClient | null = null;
  private tick: NodeJS.Timeout | null = null;
  private later: NodeJS.Timeout | null = null;
  private asking = false;
  private again = false;
  private stopped = false;

  constructor(private readonly options: LiveScreenOptions) {}

  /** Null while no daemon answers. */
  get client(): ApiClient | null {
    return this.connected;
  }

  start(client: ApiClient): void {
    this.use(client);
    this.tick = setInterval(() => void this.refresh(), this.options.tick_ms);
    void this.refresh();
  }

  stop(): void {
    this.stopped = true;
    if (this.tick !== null) clearInterval(this.tick);
    if (this.later !== null) clearTimeout(this.later);
    this.connected?.close();
  }

  /** Something happened: what is shown is old. */
  soon(): void {
    if (this.stopped) return;
    this.later ??= setTimeout(() => {
      this.later = null;
      void this.refresh();
    }, this.options.coalesce_ms);
  }

  private use(client: ApiClient): void {
    this.connected = client;
    client.subscribe('events', { follow: true, limit: 0 }, () => this.soon()).catch(() => {});
    void client.closed.then(() => {
      if (this.connected === client) this.soon();
    });
  }

  /** One question at a time; a daemon that went away is looked for again at each tick. */
  private async refresh(): Promise<void> {
    if (this.stopped) return;
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    let trouble: string | null = null;
    try {
      if (this.connected === null) this.use(await connectToDaemon({ runtimeDir: this.options.runtimeDir }));
      await this.options.refresh(this.connected!);
    } catch (error) {
      this.connected?.close();
      this.connected = null;
      trouble = (error as Error).message;
    } finally {
      this.asking = false;
    }
    if (this.stopped) this.connected?.close();
    else this.options.refreshed(trouble);
    if (this.again && trouble === null) this.soon();
    this.again = false;
  }
}
