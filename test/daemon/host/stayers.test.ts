import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Stayers } from '../../../src/daemon/host/stayers.js';
import type { ProcessSample, SessionSample } from '../../../src/model/snapshot.js';

const root = mkdtempSync(join(tmpdir(), 'vigil-stayers-'));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const NOHUP = '0000000000000001';

function status(pid: number, ignored: string): void {
  mkdirSync(join(root, String(pid)), { recursive: true });
  writeFileSync(join(root, String(pid), 'status'), `Name:\tx\nSigIgn:\t${ignored}\n`);
}

const agent = {
  pid: 100,
  start_ticks: 1,
  agent: 'codex',
  cwd: '/srv',
  alive: true,
  started_ms: 0,
} as SessionSample;
const dead = { ...agent, alive: false };
const left = {
  ...{ pid: 200, start_ticks: 2, sid: 200, state: 'S', cmdline: 'worker', cgroup: null, started_ms: 5_000 },
  session: dead,
} as unknown as ProcessSample;

/** What is made of the leftover, after the agent was seen alive like this. */
function judged(ignored: string, seen_ms = 10_000) {
  const stayers = new Stayers(root);
  status(agent.pid, ignored);
  status(left.pid, NOHUP);
  stayers.markAgents([agent], seen_ms);
  rmSync(join(root, String(agent.pid)), { recursive: true });
  const [session] = stayers.markAgents([dead], 100_000);
  const [row] = stayers.mark([left], 100_000);
  return { agent: session?.ignores_hangup ?? false, stays: row?.to_stay ?? false };
}

it('what ignores SIGHUP as its agent did was not started to stay for that', () => {
  expect(judged(NOHUP)).toEqual({ agent: true, stays: false });
  expect(judged('0000000000001000')).toEqual({ agent: false, stays: true });
});

it('an agent that has just started is not asked yet: what it inherited may not be what it hands on', () => {
  expect(judged(NOHUP, 1_000)).toEqual({ agent: false, stays: true });
});
