import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CrashRecord } from '../../../src/daemon/lifecycle/crash-record.js';
import { OwnFaults } from '../../../src/daemon/lifecycle/own-faults.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { silentLogger } from '../../../src/lib/log/logger.js';
import { now } from '../../../src/lib/time/time.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-faults-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('errors of vigil’s own are told to who sees everything, and to nobody else', () => {
  const faults = new FaultLog(silentLogger());
  faults.record('a part', new Error('of /home/ben'));
  new CrashRecord(dir).add(now(), new Error('the end'));
  const module = new OwnFaults(faults, new CrashRecord(dir));
  const { problems } = module.health({ kind: 'all' });
  expect(problems).toEqual([expect.stringContaining('of /home/ben'), expect.stringContaining('the end')]);
  expect(module.health({ kind: 'user', uid: 1000 }).problems).toEqual([]);
});
