import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  DesktopLock,
  desktopLock,
  isLocked,
  type LockPlace,
  trayLock,
} from '../../../src/outputs/desktop/desktop-lock.js';
import { until } from './desktop.js';

let runtime: string;
let place: LockPlace;
const locks: DesktopLock[] = [];

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
  place = desktopLock(runtime);
});

afterEach(() => {
  for (const lock of locks.splice(0)) lock.release();
  rmSync(runtime, { recursive: true, force: true });
});

function lockOf(where = place): DesktopLock {
  const lock = new DesktopLock(where);
  locks.push(lock);
  return lock;
}

it('is held by one at a time, and free again when that one lets go', async () => {
  const [first, second] = [lockOf(), lockOf()];
  expect(isLocked(place)).toBe(false);
  expect(await first.take()).toBe(true);
  expect(await second.take()).toBe(false);
  expect(second.refusal).toEqual({ taken: true, why: 'another vigil serves this desktop' });
  first.release();
  expect(await second.take()).toBe(true);
  expect(second.refusal).toBeNull();
  expect(isLocked(place)).toBe(true);
});

it('stays with who has it, whatever is removed from the runtime directory', async () => {
  expect(await lockOf().take()).toBe(true);
  rmSync(join(runtime, 'vigil'), { recursive: true, force: true });
  expect(await lockOf().take()).toBe(false);
});

it('is had by one of many processes that want it at the same moment, though its last holder was killed', async () => {
  const script = `const { DesktopLock } = await import(${JSON.stringify(resolve('dist/outputs/desktop/desktop-lock.js'))});
    process.stdin.once('data', async () => {
      console.log(await new DesktopLock(${JSON.stringify(place)}).take());
      setInterval(() => {}, 1000);
    });
    console.log('ready');`;
  const contender = () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const said: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
    return { child, said };
  };
  const started: ChildProcess[] = [];
  try {
    for (let round = 0; round < 2; round++) {
      const all = Array.from({ length: 6 }, contender);
      started.push(...all.map(({ child }) => child));
      await until('all', () => all.every(({ said }) => said.includes('ready')));
      for (const { child } of all) child.stdin.write('go\n');
      await until('all answers', () => all.every(({ said }) => said.length === 2));
      expect(all.filter(({ said }) => said[1] === 'true')).toHaveLength(1);
      for (const { child } of all) child.kill('SIGKILL');
      await until('their ends', () => all.every(({ child }) => child.signalCode !== null));
    }
    expect(isLocked(place)).toBe(false);
  } finally {
    for (const child of started) child.kill('SIGKILL');
  }
}, 60_000);

it('has another lock for the icon', async () => {
  expect(await lockOf().take()).toBe(true);
  expect(await lockOf(trayLock(runtime)).take()).toBe(true);
  expect(await lockOf(trayLock(runtime)).take()).toBe(false);
});

it.each([
  ['a file where our folder should be', () => writeFileSync(place.folder, ''), 'is not a folder: remove it'],
  ['a link', () => symlinkSync('/tmp', place.folder), 'is not a folder: remove it'],
  ['no runtime directory', () => rmSync(runtime, { recursive: true }), 'is not there'],
])('%s is named, and is no other vigil', async (_what, make, message) => {
  make();
  const lock = lockOf();
  expect(await lock.take()).toBe(false);
  expect(lock.refusal?.taken).toBe(false);
  expect(lock.refusal?.why).toContain(message);
  expect(lock.refusal?.why).toContain(runtime);
  expect(lock.refusal?.why.length).toBeLessThanOrEqual(200);
});
