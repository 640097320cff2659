import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { gidOfProcess, helperCommand, helperUser } from '../../../src/outputs/helpers/helper-command.js';

/** As whom a helper runs: the rights of a group that a number happens to name would be somebody else's. */

const PLACE = { runtimeBase: '/nonexistent' };
const ROOT = process.geteuid!() === 0;

it('one of a user database is that one', () => {
  const ann = { name: 'ann', gid: 70_000, home: '/home/ann' };
  expect(helperUser(70_001, ann, () => 1, PLACE)).toEqual({ uid: 70_001, ...ann });
});

it('one of none has the group of its own processes, and no further ones', () => {
  const user = helperUser(70_001, 'unknown', () => 70_077, PLACE);
  expect(user).toEqual({ uid: 70_001, gid: 70_077, name: '70001', home: '/' });
  const place = { euid: 0, node: '/n', script: '/s', runtimeBase: '/nonexistent', boot_ms: 0, env: {} };
  if (typeof user === 'string') throw new Error(user);
  const { args } = helperCommand(user, place, null)!;
  expect(args).toEqual(expect.arrayContaining(['--reuid=70001', '--regid=70077', '--clear-groups']));
});

it.each(['unknown', 'failed'] as const)('without any the group is not guessed (%s)', found => {
  expect(helperUser(44, found, () => null, PLACE)).toMatch(/no process of theirs tells a group/);
});

it.runIf(ROOT)('the group of a process is its real one, and only if it is that user’s', async () => {
  const child = spawn('setpriv', ['--reuid=70001', '--regid=70077', '--clear-groups', '--', 'sleep', '100']);
  try {
    await expect.poll(() => gidOfProcess('/proc', child.pid!, 70_001), { timeout: 20_000 }).toBe(70_077);
    expect(gidOfProcess('/proc', child.pid!, 0)).toBeNull();
    expect(gidOfProcess('/proc', 2 ** 30, 70_001)).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});
