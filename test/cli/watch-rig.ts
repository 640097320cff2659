import type { AlertReport, ProcessReport } from '../../src/api/client/index.js';
import { alertReport } from '../../src/api/reports/alert.js';
import type { Key } from '../../src/cli/ui/keys.js';
import { listsOf } from '../../src/cli/watch/lists.js';
import { type Effect, NOTHING_YET, type Picture, START, type Ui } from '../../src/cli/watch/model.js';
import { press, READ_MS } from '../../src/cli/watch/press.js';
import { view } from '../../src/cli/watch/view.js';
import { fakeAgent, fakeAlert, fakeHealth } from '../api/fake-daemon.js';
import { fakeHost, GB } from './host.js';

/** A made-up picture, and a person who presses keys on it. */

export const NOW_MS = Date.parse('2026-11-20T12:10:00.000Z');

export function fakeProcess(pid: number, ppid: number, over: Partial<ProcessReport> = {}): ProcessReport {
  return {
    pid,
    ppid,
    start_ticks: pid * 10,
    uid: 1000,
    comm: `c${pid}`,
    cmdline: `command ${pid}`,
    state: 'S',
    started: '2026-11-20T12:00:00.000Z',
    threads: 1,
    cpu_percent: 0,
    rss_bytes: pid * 1024 * 1024,
    session: 4242,
    ...over,
  };
}

export function fakeAlertReport(over: Parameters<typeof fakeAlert>[0] = {}): AlertReport {
  return alertReport(fakeAlert(over));
}

export function fakePicture(over: Partial<Picture> = {}): Picture {
  return {
    ...NOTHING_YET,
    machine: {
      time: '2026-11-20T12:09:58.000Z',
      paused: false,
      host: fakeHost(),
      processes: 312,
      sessions: [],
      top_memory: [],
      top_cpu: [],
    },
    health: fakeHealth(),
    agents: [
      fakeAgent({ pid: 4242, state: 'WORKING', cpu_percent: 3, rss_bytes: GB }),
      fakeAgent({
        pid: 5000,
        agent: 'codex',
        state: 'WAITING',
        reason: 'approval',
        cwd: '/home/ann/bank',
        cpu_percent: 9,
      }),
    ],
    alerts: [fakeAlertReport()],
    processes: [
      fakeProcess(4242, 1),
      fakeProcess(4300, 4242),
      fakeProcess(4301, 4300),
      fakeProcess(4400, 4242),
    ],
    processes_of: 4242,
    ...over,
  };
}

export class Person {
  ui: Ui = START;
  now_ms = NOW_MS;
  readonly effects: Effect[] = [];

  constructor(public picture: Picture = fakePicture()) {}

  get lists() {
    return listsOf(this.picture, this.ui);
  }

  press(...keys: Key[]): this {
    for (const key of keys) {
      const pressed = press(this.ui, key, {
        picture: this.picture,
        lists: this.lists,
        now_ms: this.now_ms,
        page: 5,
      });
      this.ui = pressed.ui;
      if (pressed.effect !== null) this.effects.push(pressed.effect);
    }
    return this;
  }

  type(text: string): this {
    return this.press(...text);
  }

  get effect(): Effect | undefined {
    return this.effects.at(-1);
  }

  /** The daemon's answer to a question of what would be ended. */
  asked(allowed: boolean): this {
    const effect = this.effect;
    if (effect?.kind !== 'preview') throw new Error(`nothing was asked: ${effect?.kind}`);
    const shown_ms = this.now_ms;
    const lines = [
      'SIGTERM, then SIGKILL, for 1 process (moderate: you said so):',
      '     4300  command 4300',
    ];
    this.ui = {
      ...this.ui,
      dialog: {
        kind: 'confirm',
        title: 'End process',
        lines,
        scroll: 0,
        order: effect.order,
        allowed,
        shown_ms,
      },
    };
    return this;
  }

  waits(ms = READ_MS): this {
    this.now_ms += ms;
    return this;
  }

  screen(columns = 100, rows = 30, color = false): string[] {
    return view(
      this.picture,
      this.lists,
      this.ui,
      { columns, rows },
      { color, now: () => this.now_ms, home: '/home/ann' },
    );
  }
}
