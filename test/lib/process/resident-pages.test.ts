import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pageOut, readOnlyFiles } from '../../../src/lib/process/resident-pages.js';

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
