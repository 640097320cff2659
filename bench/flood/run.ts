import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthReport } from '../../src/api/client/index.js';
import { Vigil } from '../../test/lab/vigil.js';
import type { Entrance, Flood } from './entrance.js';
import { Peaks, percentile, risen } from './figures.js';
import { ORDINARY_UID, PROMPT_UID, Stage } from './stage.js';

/** What one entrance did to a daemon. */
export interface Row {
  name: string;
  /** Of the process of vigil that grew most. */
  grew: { name: string; rest_bytes: number; peak_bytes: number };
  /** As the daemon says itself; null where it does not. */
  longest_pause_ms: number | null;
  /** Of an ordinary user's client, a ping each 20 ms. */
  ping_p95_ms: number;
  ping_longest_ms: number;
  /** Of another ordinary user's that does not wait for a processor itself: what vigil's part is. */
  prompt_ping_p95_ms: number;
  /** Of root's. */
  root_ping_p95_ms: number;
  /** In words: how much came in. */
  sent: string;
  /** What vigil says it lost, dropped, cut or refused. */
  counted: string[];
  /** The same daemon answers afterwards. */
  survived: boolean;
  cpu_percent: number;
}

const SETTLE_MS = 5_000;
/** Before the daemon, and all that floods it. */
const PROMPT_NICE = -15;

/** Starts a daemon, lets it come to rest, opens the entrance for `seconds`, and says what came of it. */
export async function flood(
  entrance: Entrance,
  seconds: number,
  node_options: readonly string[] = [],
  settle_ms = SETTLE_MS,
): Promise<Row> {
  const stage = new Stage();
  const dir = join(stage.dir, 'vigil');
  let vigil: Vigil | null = null;
  try {
    const place = { stage, dir, socket: join(dir, 'run/vigil.sock') };
    const setup = await entrance.setup?.(place);
    vigil = new Vigil({
      dir,
      config: setup?.config ?? '',
      node_options,
      ...(setup?.wrap ? { wrap: setup.wrap } : {}),
    });
    await vigil.startDaemon();
    const running = { ...place, vigil, daemon: (await vigil.health()).pid };
    const begin = await entrance.prepare(running);
    await sleep(settle_ms);
    const before = await vigil.health();
    const peaks = new Peaks(running.daemon);
    const ordinary = stage.node('ping-client.mjs', [place.socket], ORDINARY_UID);
    const prompt = stage.node('ping-client.mjs', [place.socket], PROMPT_UID);
    setPriority(prompt.pid, PROMPT_NICE);
    const root = stage.node('ping-client.mjs', [place.socket]);
    const cpu_ticks = cpuTicks(running.daemon);
    const began_ms = performance.now();
    const current: Flood = await begin();
    while (performance.now() - began_ms < seconds * 1000) {
      await sleep(200);
      peaks.look();
    }
    const sent = await current.end();
    const elapsed_s = (performance.now() - began_ms) / 1000;
    const used_ticks = cpuTicks(running.daemon) - cpu_ticks;
    const after = await patiently(vigil);
    peaks.look();
    const delays = JSON.parse((await ordinary.end()) || '[]') as number[];
    const promptDelays = JSON.parse((await prompt.end()) || '[]') as number[];
    const rootDelays = JSON.parse((await root.end()) || '[]') as number[];
    return {
      name: entrance.name,
      grew: peaks.worst(),
      longest_pause_ms: after?.loop.longest_pause_ms ?? null,
      ping_p95_ms: percentile(delays, 0.95),
      ping_longest_ms: percentile(delays, 1),
      prompt_ping_p95_ms: percentile(promptDelays, 0.95),
      root_ping_p95_ms: percentile(rootDelays, 0.95),
      sent,
      counted: after === null ? [] : risen(before, after),
      survived: after?.pid === running.daemon,
      cpu_percent: used_ticks / elapsed_s,
    };
  } finally {
    await vigil?.stopDaemon();
    await stage.end();
  }
}

/** A daemon that stands still may need a while; null: it is gone. */
async function patiently(vigil: Vigil): Promise<HealthReport | null> {
  for (let tries = 0; tries < 12; tries++) {
    try {
      return await vigil.health();
    } catch {
      await sleep(200);
    }
  }
  return null;
}

/** User and system time, in hundredths of a second; NaN once it is gone. */
function cpuTicks(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}
