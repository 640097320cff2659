import {
  type ApiClient,
  ApiError,
  type MachineReport,
  type ProcessesReport,
} from '../../api/client/index.js';
import type { Io } from '../io.js';
import type { Key } from '../ui/keys.js';
import { LiveScreen } from '../ui/live-screen.js';
import type { Screen } from '../ui/screen.js';
import { type Lists, listsOf, wantedProcesses } from './lists.js';
import { type Effect, NOTHING_YET, type Picture, START, type Ui } from './model.js';
import { press } from './press.js';
import { TuiCommands } from './tui-commands.js';
import { view } from './view.js';

/** `vigil watch` at work: what the daemon says and what its person presses become pictures. */

const ASK_MS = 2_000;
/** However many events come. */
const COALESCE_MS = 200;
/** Ages count up between two answers. */
const CLOCK_MS = 1_000;
/** Health changes seldom. */
const HEALTH_EVERY = 5;

export class WatchApp {
  private picture: Picture = NOTHING_YET;
  private ui: Ui = START;
  private lists: Lists = listsOf(NOTHING_YET, START);
  private clock: NodeJS.Timeout | null = null;
  private asked = 0;
  /** What `processes` holds: whose, and of which look at the machine. */
  private have: { of: number | null; time: string } | null = null;
  private readonly live: LiveScreen;
  private readonly commands: TuiCommands;

  constructor(
    runtimeDir: string | undefined,
    private readonly io: Io,
    private readonly screen: Screen,
  ) {
    this.live = new LiveScreen({
      runtimeDir,
      tick_ms: ASK_MS,
      coalesce_ms: COALESCE_MS,
      refresh: client => this.ask(client),
      refreshed: trouble => {
        this.picture = { ...this.picture, trouble };
        if (trouble !== null) this.asked = 0;
        this.draw();
      },
    });
    this.commands = new TuiCommands(io, {
      client: () => this.live.client,
      change: change => {
        this.ui = change(this.ui);
        this.draw();
      },
      refresh: () => {
        this.have = null;
        this.asked = 0;
        this.live.soon();
      },
    });
  }

  start(client: ApiClient): void {
    this.screen.onKeys(keys => this.keys(keys));
    this.screen.onResize(() => this.draw());
    this.clock = setInterval(() => this.draw(), CLOCK_MS);
    this.live.start(client);
    this.draw();
  }

  stop(): void {
    if (this.clock !== null) clearInterval(this.clock);
    this.live.stop();
  }

  private async ask(client: ApiClient): Promise<void> {
    const wanted = wantedProcesses(this.lists, this.ui);
    const [agents, alerts, machine, health] = await Promise.all([
      client.call('agents'),
      client.call('alerts', { limit: 200 }),
      ready(client.call('machine')),
      this.asked++ % HEALTH_EVERY === 0 ? client.call('health') : this.picture.health,
    ]);
    const processes = await this.processes(client, wanted, machine);
    this.picture = {
      ...this.picture,
      agents,
      alerts,
      machine,
      health,
      ...(processes === null ? {} : { processes: processes.processes, processes_of: wanted }),
    };
    // The first agents are known only now: theirs are the processes to show.
    this.lists = listsOf(this.picture, this.ui);
    if (wantedProcesses(this.lists, this.ui) !== wanted) this.live.soon();
  }

  /** Null: nothing new since the last time; the machine is looked at less often than it is asked for here. */
  private async processes(
    client: ApiClient,
    of: number | null,
    machine: MachineReport | null,
  ): Promise<ProcessesReport | null> {
    if (machine === null) return null;
    if (this.have !== null && this.have.of === of && this.have.time === machine.time) return null;
    const report = await ready(client.call('processes', { session: of }));
    if (report !== null) this.have = { of, time: report.time };
    return report;
  }

  private keys(keys: readonly Key[]): void {
    for (const key of keys) {
      const pressed = press(this.ui, key, {
        picture: this.picture,
        lists: this.lists,
        now_ms: this.io.now(),
        page: Math.max(1, Math.floor(this.screen.rows / 3)),
      });
      this.ui = pressed.ui;
      this.lists = listsOf(this.picture, this.ui);
      if (pressed.effect !== null) this.act(pressed.effect);
    }
    if (this.wantsOthers()) this.live.soon();
    this.draw();
  }

  private wantsOthers(): boolean {
    return this.picture.processes_of !== wantedProcesses(this.lists, this.ui);
  }

  private act(effect: Effect): void {
    if (effect.kind === 'quit') this.screen.leave();
    else if (effect.kind === 'redraw') this.screen.redraw();
    else void this.commands.run(effect);
  }

  private draw(): void {
    this.lists = listsOf(this.picture, this.ui);
    const { columns, rows } = this.screen;
    this.screen.draw(view(this.picture, this.lists, this.ui, { columns, rows }, this.io));
  }
}

/** Null where vigil has not looked at the machine yet. */
async function ready<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_ready') return null;
    throw error;
  }
}
