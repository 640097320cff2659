import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  dropOwnPages,
  pageOut,
  readOnlyFiles,
  unchangedMappings,
} from '../../../src/lib/process/resident-pages.js';

const isRoot = process.geteuid!() === 0;

/** Resident kB of a process that are pages of files. */
function files_kb(pid: number): number {
  return Number(/^RssFile:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);
}

describe.skipIf(!isRoot)('a process that needs its start no more', () => {
  it('gives back the pages of its files, and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-pages-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    // Nobody else has mapped this one.
    const program = join(folder, 'node');
    copyFileSync(process.execPath, program);
    const echo =
      'process.stdin.on("data", data => process.stdout.write(data)); process.stdout.write("ready")';
    const child = spawn(program, ['-e', echo], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = () => new Promise(resolve => child.stdout.once('data', data => resolve(String(data))));
    expect(await said()).toBe('ready');
    const before_kb = files_kb(child.pid!);
    await pageOut(child.pid!);
    expect(files_kb(child.pid!)).toBeLessThan(before_kb / 2);
    child.stdin.write('still here');
    expect(await said()).toBe('still here');
  });

  it('is left alone when it has ended', async () => {
    await expect(pageOut(4_194_300)).resolves.toBeUndefined();
  });
});

it('takes nothing that is written to, shared, or no file', () => {
  const maps = [
    '5555000-5556000 r--p 00000000 fe:00 12 /usr/bin/bpftrace',
    '5556000-5557000 r-xp 00001000 fe:00 12 /usr/bin/bpftrace',
    '5557000-5558000 rw-p 00002000 fe:00 12 /usr/bin/bpftrace',
    '5558000-5559000 r--s 00000000 fe:00 13 /usr/share/cache',
    '5559000-555a000 r--p 00000000 00:00 0 ',
    '555a000-555b000 r-xp 00000000 00:00 0 [vdso]',
    '',
  ].join('\n');
  expect(readOnlyFiles(maps)).toEqual([
    { start: 0x5555000, end: 0x5556000 },
    { start: 0x5556000, end: 0x5557000 },
  ]);
});

it('a process lets go of its own program, and goes on', async () => {
  const before_kb = files_kb(process.pid);
  await dropOwnPages();
  expect(files_kb(process.pid)).toBeLessThan(before_kb);
  expect([3, 1, 2].sort()).toEqual([1, 2, 3]);
});

it('keeps what is no longer as in the file', () => {
  const smaps = [
    '1000-2000 r--p 00000000 fe:00 12                         /usr/bin/node',
    'Rss:                   4 kB',
    'Anonymous:             0 kB',
    '2000-3000 r--p 00001000 fe:00 12                         /usr/bin/node',
    'Anonymous:             8 kB',
    '3000-4000 rw-p 00001000 fe:00 12                         /usr/bin/node',
    'Anonymous:             0 kB',
    '4000-5000 r-xp 00002000 fe:00 12                         /usr/bin/node (deleted)',
    'Anonymous:             0 kB',
    '5000-6000 r-xp 00002000 fe:00 13                         /usr/lib/libc.so.6',
    'Anonymous:             0 kB',
    '6000-7000 r-xp 00002000 fe:00 12                         /usr/bin/node',
    'Anonymous:             0 kB',
    '',
  ].join('\n');
  expect(unchangedMappings(smaps, '/usr/bin/node')).toEqual([
    { start: 0x1000, end: 0x2000 },
    { start: 0x6000, end: 0x7000 },
  ]);
});
