import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SensorStallDetector, STUCK_MS } from '../../../src/daemon/lifecycle/sensor-stall.js';
import { serviceManager, socketAddress } from '../../../src/daemon/lifecycle/systemd.js';
import { Watchdog } from '../../../src/daemon/lifecycle/watchdog.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { libc } from '../../../src/lib/os/libc.js';
import type { ProgramHealth } from '../../../src/sources/kernel/health.js';

const LISTEN = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace('@', chr(0), 1) if sys.argv[1].startswith('@') else sys.argv[1])
print('ready', flush=True)
while True: print(json.dumps(s.recv(65536).decode()), flush=True)
`;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Plays systemd's side; `next()` answers the next datagram. */
async function listen(path: string): Promise<{ next(): Promise<string> }> {
  const child = spawn('python3', ['-c', LISTEN, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return { next: async () => JSON.parse((await lines.next()).value ?? 'null') as string };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vigil-notify-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

describe('what systemd is told', () => {
  it.each([
    ['a path', () => join(folder(), 'notify')],
    ['an abstract name', () => `@vigil-test-${process.pid}`],
  ])('arrives at %s', async (_, where) => {
    const path = where();
    const systemd = await listen(path);
    const manager = serviceManager({ NOTIFY_SOCKET: path }, libc(), 1)!;
    expect(manager.notify({ READY: '1', STATUS: 'two\nlines' })).toBe(true);
    expect(await systemd.next()).toBe('READY=1\nSTATUS=two lines');
  });

  it('answers false when nobody listens, and leaves no descriptor open', () => {
    const manager = serviceManager({ NOTIFY_SOCKET: join(folder(), 'gone') }, libc(), 1)!;
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 20; i++) expect(manager.notify({ WATCHDOG: '1' })).toBe(false);
    expect(open()).toBeLessThan(before + 10);
  });

  it('is nothing without NOTIFY_SOCKET, or with one that is no address', () => {
    expect(serviceManager({}, libc(), 1)).toBeNull();
    expect(serviceManager({ NOTIFY_SOCKET: 'relative' }, libc(), 1)).toBeNull();
    expect(serviceManager({ NOTIFY_SOCKET: '/run/x' }, null, 1)).toBeNull();
    expect(socketAddress(`/${'x'.repeat(107)}`)).toBeNull();
  });

  it('no child can say in our name', () => {
    const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7', PATH: '/bin' };
    expect(serviceManager(env, libc(), 7)?.watchdog_ms).toBe(30_000);
    expect(env).toEqual({ PATH: '/bin' });
  });

  it('has no watchdog that is meant for another process', () => {
    const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' };
    expect(serviceManager(env, libc(), 8)?.watchdog_ms).toBeNull();
  });
});

describe('Watchdog', () => {
  it('is ready once, gives signs of life while well, withholds them while ailing', () => {
    vi.useFakeTimers();
    cleanups.push(() => vi.useRealTimers());
    const told: Record<string, string>[] = [];
    const manager = {
      watchdog_ms: 30_000,
      notify: (fields: Record<string, string>) => told.push(fields) > 0,
    };
    let status = 'tier fentry';
    let failure: string | null = null;
    const watchdog = new Watchdog(manager as never, {
      status: () => status,
      failure: () => failure,
      logger: silentLogger(),
    });
    watchdog.start();
    vi.advanceTimersByTime(10_000);
    expect(told.splice(0)).toEqual([
      { READY: '1', STATUS: 'tier fentry' },
      { WATCHDOG: '1' },
      { WATCHDOG: '1' },
    ]);
    status = 'tier procfs';
    vi.advanceTimersByTime(5_000);
    expect(told.splice(0)).toEqual([{ WATCHDOG: '1', STATUS: 'tier procfs' }]);
    failure = 'the sensor is stuck';
    vi.advanceTimersByTime(20_000);
    expect(told.splice(0)).toEqual([{ STATUS: 'the sensor is stuck' }]);
    watchdog.stop();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([{ STOPPING: '1', STATUS: 'stopping' }]);
  });
});

describe('SensorStallDetector', () => {
  const program = (state: ProgramHealth['state'], restarts = 0): ProgramHealth => ({
    name: 'lifecycle',
    state,
    restarts,
    problem: null,
    received: 0,
    unparsed: 0,
    lost: 0,
    pid: null,
    missing: [],
    starved: false,
  });

  /** As the watchdog asks, every few seconds. */
  const checkFor = (detector: SensorStallDetector, of: ProgramHealth, from_ms: number, to_ms: number) => {
    let said: string | null = null;
    for (let at_ms = from_ms; at_ms <= to_ms; at_ms += 5_000) said = detector.check([of], at_ms);
    return said;
  };

  it('finds a program that nobody restarts any more', () => {
    const detector = new SensorStallDetector();
    expect(checkFor(detector, program('silent'), 0, STUCK_MS)).toBeNull();
    expect(detector.check([program('silent')], STUCK_MS + 5_000)).toContain('lifecycle');
  });

  it('has patience with one that gets no CPU, and does not count its own standing still', () => {
    const detector = new SensorStallDetector();
    expect(checkFor(detector, { ...program('silent'), starved: true }, 0, 10 * STUCK_MS)).toBeNull();
    expect(detector.check([program('silent')], 11 * STUCK_MS)).toBeNull();
    expect(detector.check([program('silent')], 13 * STUCK_MS)).toBeNull();
  });

  it('has patience with one that runs, is off, cannot run, or is started again and again', () => {
    const detector = new SensorStallDetector();
    for (const state of ['running', 'off', 'unavailable'] as const)
      for (const at of [0, 10 * STUCK_MS]) expect(detector.check([program(state)], at)).toBeNull();
    for (let restarts = 0; restarts < 10; restarts++)
      expect(detector.check([program('backoff', restarts)], restarts * STUCK_MS)).toBeNull();
  });
});
