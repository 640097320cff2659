import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';
import type { KernelEvent } from '../../../src/model/kernel-event.js';
import { createSensor, type SensorOptions } from '../../../src/sources/kernel/index.js';
import type { Sensor } from '../../../src/sources/kernel/sensor.js';

vi.setConfig({ testTimeout: 180_000 });

export const isRoot = process.getuid?.() === 0;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const BPF_DIR = join(ROOT, 'bpf');
const CHROOTS = process.env.VIGIL_CHROOTS ?? '/var/cache/vigil-chroots';
export const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
export const scratch = mkdtempSync(join(tmpdir(), 'vigil-kernel-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** An executable of this text. */
export function script(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** The machine's own bpftrace, and those of two other Debian releases. */
export function bpftraces(): { name: string; path: string }[] {
  if (!isRoot) return [];
  execFileSync(join(ROOT, 'scripts/chroots.sh'), { stdio: ['ignore', 'ignore', 'inherit'] });
  const inside = ['trixie', 'sid'].map(suite => ({
    name: suite,
    path: script(
      `bpftrace-${suite}`,
      `#!/bin/sh\nexec /usr/sbin/chroot ${CHROOTS}/${suite} /usr/bin/bpftrace "$@"\n`,
    ),
  }));
  const own = '/usr/bin/bpftrace';
  return [...(existsSync(own) ? [{ name: 'this machine', path: own }] : []), ...inside];
}

export interface Logged {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export interface Observed {
  sensor: Sensor;
  events: KernelEvent[];
  gaps: string[];
  lifecycle: boolean[];
  terminal: boolean[];
  log: Logged[];
}

export function observe(options: Partial<SensorOptions>): Observed {
  const events: KernelEvent[] = [];
  const gaps: string[] = [];
  const lifecycle: boolean[] = [];
  const terminal: boolean[] = [];
  const log: Logged[] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      log.push({ level, message, fields: fields as Record<string, unknown> });
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const sensor = createSensor(
    {
      logger: logger as unknown as SensorOptions['logger'],
      bpfDir: BPF_DIR,
      daemonPid: process.pid,
      ...options,
    },
    {
      event: event => events.push(event),
      gap: reason => gaps.push(reason),
      lost: () => {},
      lifecycle: live => lifecycle.push(live),
      terminal: live => terminal.push(live),
    },
  );
  return { sensor, events, gaps, lifecycle, terminal, log };
}

/** The time is a limit for broken code, never a measure: bpftrace needs many seconds to start on a busy machine. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit_ms = 60_000,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > limit_ms) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await sleep(20);
  }
}

/** Starts it, and waits until it sees: on a machine with no CPU to spare that takes longer than `start()` waits. */
export async function attach({ sensor }: Observed): Promise<void> {
  await sensor.start();
  await until('the lifecycle program is attached', () => sensor.health().programs[0]?.state === 'running');
}
