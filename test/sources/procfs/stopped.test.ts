import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { isStopped } from '../../../src/sources/procfs/stopped.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-stopped-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it.each<[string, string, boolean | 'gone', string]>([
  ['T', '0', true, 'stopped by a signal'],
  ['t', 'ptrace_stop', false, 'traced'],
  ['S', 'get_signal', true, 'frozen with its control group'],
  ['S', 'do_freezer_trap', true, 'the same on another kernel'],
  ['D', '__refrigerator', true, 'frozen by version 1'],
  ['S', 'ep_poll', false, 'asleep'],
  ['R', '0', false, 'running'],
  ['Z', '0', 'gone', 'ended'],
])('state %s in %s: %s, %s', (state, wchan, expected) => {
  mkdirSync(join(root, '7'));
  writeFileSync(join(root, '7/stat'), `7 (claude) ${state} 1 7 7 0 -1 0${' 0'.repeat(43)}\n`);
  writeFileSync(join(root, '7/wchan'), wchan);
  expect(isStopped(root, 7)).toBe(expected);
});

it('a real process that sleeps, is stopped, and goes on', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const pid = child.pid!;
  try {
    expect(isStopped('/proc', pid)).toBe(false);
    child.kill('SIGSTOP');
    await vi.waitFor(() => expect(isStopped('/proc', pid)).toBe(true));
    child.kill('SIGCONT');
    await vi.waitFor(() => expect(isStopped('/proc', pid)).toBe(false));
  } finally {
    child.kill('SIGKILL');
  }
});
