import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HiddenProcesses, hiddenFromVigil } from '../../../src/sources/procfs/hidden-processes.js';

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'vigil-hidepid-'));
});
afterEach(() => rmSync(proc, { recursive: true }));

function mounted(options: string, pid = '1'): void {
  mkdirSync(join(proc, pid), { recursive: true });
  const line = `22 1 0:5 / /proc rw,nosuid,${options} shared:5 - proc proc rw,${options}`;
  writeFileSync(join(proc, pid, 'mountinfo'), `21 1 0:4 / / rw - ext4 /dev/vda1 rw\n${line}\n`);
}

describe('whether processes are hidden', () => {
  it.each([
    ['hidepid=2', true],
    ['hidepid=invisible', true],
    ['hidepid=1', true],
    ['hidepid=ptraceable', true],
    ['hidepid=0', false],
    ['hidepid=off', false],
    ['relatime', false],
  ])('%s: %s', (options, hides) => {
    mounted(options);
    expect(new HiddenProcesses(proc).value).toBe(hides);
  });

  it('is looked at again', () => {
    let now_ms = 0;
    mounted('relatime');
    const hidden = new HiddenProcesses(proc, () => now_ms);
    expect(hidden.value).toBe(false);
    mounted('hidepid=2');
    now_ms = 60_000;
    expect(hidden.value).toBe(true);
  });

  it('is not known without a /proc', () => {
    expect(new HiddenProcesses(join(proc, 'none')).value).toBe(false);
  });
});

describe('what is hidden from vigil itself', () => {
  it.each([
    ['relatime', 1000, null],
    ['hidepid=2', 1000, 'hidepid'],
    ['hidepid=2', 0, null],
    ['subset=pid', 0, 'subset=pid'],
  ])('with %s, as uid %i', (options, uid, hidden) => {
    mounted(options, 'self');
    const said = hiddenFromVigil(proc, uid);
    if (hidden === null) expect(said).toBeNull();
    else expect(said).toContain(hidden);
  });
});
