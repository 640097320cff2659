import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Alert } from '../../../src/model/alert.js';
import { PoolRig } from './pool-rig.js';

const read = vi.hoisted(() => ({ environs: 0 }));
vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>();
  const readFileSync = ((path: string, ...rest: []) => {
    if (String(path).endsWith('/environ')) read.environs++;
    return fs.readFileSync(path, ...rest);
  }) as typeof fs.readFileSync;
  return { ...fs, readFileSync };
});

/** Whom another daemon serves, as the environments of the processes of an alert say it: a storm has 200. */

const UID = process.getuid!();
const STORM = 200;

let dir: string;
let rig: PoolRig;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-others-'));
  mkdirSync(join(dir, 'run', String(UID)), { recursive: true });
  rig = new PoolRig({
    procRoot: dir,
    // Nobody whom it could start a helper for: only whether it would matters here.
    place: { euid: 4_000_000, node: '', script: '', runtimeBase: join(dir, 'run'), boot_ms: 0, env: {} },
  });
  read.environs = 0;
});

afterEach(async () => {
  await rig.pool.stop();
  rmSync(dir, { recursive: true });
});

function storm(id: number, runtimeDir: string, severity: Alert['severity'] = 'critical'): Alert {
  const processes = Array.from({ length: STORM }, (_, index) => {
    const pid = id * 1_000 + index;
    mkdirSync(join(dir, String(pid)));
    writeFileSync(join(dir, String(pid), 'environ'), `A=b\0VIGIL_RUNTIME_DIR=${runtimeDir}\0`);
    return { pid, start_ticks: pid, uid: UID, comm: 'node', cmdline: 'node mcp.js' };
  });
  return {
    id,
    rule: 'ghost_process_storm',
    key: `ghost_process_storm:${id}`,
    status: 'open',
    severity,
    title: 'a storm',
    text: '',
    suggestion: null,
    subject: { kind: 'processes', name: 'node', uid: UID, processes, session: null, lineage: null },
    numbers: {},
    opened_ms: 1,
    updated_ms: 1,
    resolved_ms: null,
  };
}

/** An agent said something: all pool are told anew, at the end of this turn. */
async function words(): Promise<void> {
  rig.bus.emit('agent.observation', { type: 'transcript', time_ms: 1, pid: 1, entry: null } as never);
  await new Promise(resolve => setImmediate(resolve));
}

const wanted = () => rig.states().map(({ uid }) => uid);

it('is asked of each process once, however much the agents say meanwhile', async () => {
  rig.alerts(storm(1, '/run/vigil'));
  for (let i = 0; i < 20; i++) await words();
  expect(wanted()).toEqual([UID]);
  expect(read.environs).toBeLessThanOrEqual(STORM);
});

it('is asked again when an alert is about other processes', async () => {
  rig.alerts(storm(1, '/run/another'));
  for (let i = 0; i < 3; i++) await words();
  expect(wanted()).toEqual([]);
  rig.alerts(storm(2, '/run/vigil'));
  for (let i = 0; i < 3; i++) await words();
  expect(wanted()).toEqual([UID]);
});

it('is not asked for an alert that is not worth a popup', async () => {
  rig.alerts(storm(1, '/run/vigil', 'warning'));
  await words();
  expect(wanted()).toEqual([]);
  expect(read.environs).toBe(0);
});
