import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ApiClient, connectToDaemon } from '../api/client.js';
import type { AgentReport, HealthReport } from '../api/contract.js';
import { printable } from '../text/printable.js';
import { clip } from '../text/width.js';
import { agentsTable } from './agents-table.js';
import { OK, UsageError } from './command.js';
import type { Io } from './io.js';
import { openScreen, type Screen } from './screen.js';
import { paint } from './style.js';

/** `vigil agents --watch`: the table, alive. */

export interface WatchOptions {
  runtimeDir: string | undefined;
  logFile: string | null;
}

interface Picture {
  agents: readonly AgentReport[];
  health: HealthReport | null;
  /** Why the picture is old or empty. */
  trouble: string | null;
}

const TICK_MS = 1000;
/** However many events come: the screen is not drawn more often. */
const COALESCE_MS = 50;

export async function watchAgents(options: WatchOptions, io: Io): Promise<number> {
  if (io.columns === null) throw new UsageError('--watch needs a terminal; use: vigil events --follow');
  // Fails here, with the usual words, when there is no daemon.
  const first = await connectToDaemon({ runtimeDir: options.runtimeDir });
  const screen = openScreen();
  const watcher = new Watcher(options, io, screen);
  try {
    watcher.start(first);
    await screen.left;
    return OK;
  } finally {
    watcher.stop();
    screen.close();
  }
}

class Watcher {
  private picture: Picture = { agents: [], health: null, trouble: 'connecting' };
  private client: ApiClient | null = null;
  private tick: NodeJS.Timeout | null = null;
  private soon: NodeJS.Timeout | null = null;
  private asking = false;
  private stopped = false;

  constructor(
    private readonly options: WatchOptions,
    private readonly io: Io,
    private readonly screen: Screen,
  ) {}

  start(client: ApiClient): void {
    this.screen.onResize(() => this.draw());
    this.tick = setInterval(() => void this.refresh(), TICK_MS);
    this.use(client);
    void this.refresh();
  }

  stop(): void {
    this.stopped = true;
    if (this.tick !== null) clearInterval(this.tick);
    if (this.soon !== null) clearTimeout(this.soon);
    this.client?.close();
  }

  private use(client: ApiClient): void {
    this.client = client;
    client.follow(() => this.refreshSoon()).catch(() => {});
  }

  private refreshSoon(): void {
    if (this.stopped) return;
    this.soon ??= setTimeout(() => {
      this.soon = null;
      void this.refresh();
    }, COALESCE_MS);
  }

  /** One question at a time; a daemon that went away is looked for again at each tick. */
  private async refresh(): Promise<void> {
    if (this.asking || this.stopped) return;
    this.asking = true;
    try {
      if (this.client === null) this.use(await connectToDaemon({ runtimeDir: this.options.runtimeDir }));
      const [agents, health] = await Promise.all([this.client!.agents(), this.client!.health()]);
      this.picture = { agents, health, trouble: null };
    } catch (error) {
      this.client?.close();
      this.client = null;
      this.picture = { ...this.picture, trouble: (error as Error).message };
    } finally {
      this.asking = false;
    }
    if (this.stopped) this.client?.close();
    this.draw();
  }

  private draw(): void {
    if (this.stopped) return;
    const { columns, rows } = this.screen;
    this.screen.draw(picture(this.picture, { ...this.io, columns }, rows, this.tail(rows)));
  }

  private tail(rows: number): string[] | null {
    const { logFile } = this.options;
    return logFile === null ? null : lastLines(logFile, Math.max(3, Math.floor(rows / 3)));
  }
}

/** The whole screen: pure, so that it can be looked at in a test. */
export function picture(
  { agents, health, trouble }: Picture,
  io: Pick<Io, 'columns' | 'color' | 'now' | 'home'>,
  rows: number,
  log: readonly string[] | null,
): string[] {
  const columns = io.columns ?? 80;
  const line = (text: string, ...styles: Parameters<typeof paint>[1]): string =>
    paint(clip(printable(text), columns), styles, io.color);
  const top = [
    line(headline(health, agents.length), 'bold'),
    ...notes(health, trouble).map(note => line(note, 'yellow')),
    '',
  ];
  const bottom = log === null ? [] : ['', line('log', 'dim'), ...log.map(text => line(text, 'dim'))];
  bottom.push(line('q leaves', 'dim'));
  const body = agents.length === 0 ? [line('No agents are running.')] : agentsTable(agents, io);
  const room = Math.max(2, rows - top.length - bottom.length);
  const over = body.length - room;
  const shown = over > 0 ? [...body.slice(0, room - 1), line(`… ${over + 1} more`, 'dim')] : body;
  const space = Array<string>(Math.max(0, room - shown.length)).fill('');
  return [...top, ...shown, ...space, ...bottom];
}

function headline(health: HealthReport | null, agents: number): string {
  if (health === null) return 'vigil';
  return `vigil ${health.version} · ${health.status} · ${health.sensor.tier} · ${agents} agent${agents === 1 ? '' : 's'}`;
}

function notes(health: HealthReport | null, trouble: string | null): string[] {
  if (trouble !== null) return [`! ${trouble}`];
  return (health?.problems ?? []).slice(0, 3).map(problem => `! ${problem}`);
}

const TAIL_BYTES = 16_384;

/** The end of a file that grows; a file that is not there yet has none. */
function lastLines(file: string, count: number): string[] {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const got = readSync(fd, buffer, 0, buffer.length, Math.max(0, size - buffer.length));
    const lines = buffer.toString('utf8', 0, got).split('\n');
    if (size > TAIL_BYTES) lines.shift();
    return lines.filter(text => text !== '').slice(-count);
  } finally {
    closeSync(fd);
  }
}
