import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fillAddresses, parseAddresses, readAddresses } from '../../../src/sources/kernel/addresses.js';

describe('addresses of kernel functions', () => {
  it('are taken from lines of /proc/kallsyms, unless they were hidden', () => {
    const text =
      'ffffffff81d04740 t flush_to_ldisc\n0000000000000000 t hidden\nffffffffc0000000 t in_module\t[tty]\n';
    expect([...parseAddresses(text)]).toEqual([['flush_to_ldisc', 0xffffffff81d04740n]]);
    expect(readAddresses('/nonexistent').size).toBe(0);
    expect(readAddresses(undefined).size).toBe(0);
  });

  it('take the place of kaddr(), of the functions that are known only', () => {
    const addresses = new Map([['flush_to_ldisc', 0xffffffff81d04740n]]);
    expect(fillAddresses('a == kaddr("flush_to_ldisc") || kaddr("other")', addresses)).toBe(
      'a == (((uint64)0xffffffff << 32) | (uint64)0x81d04740) || kaddr("other")',
    );
  });

  it('are of every function that the programs ask for, and the unit writes those down', () => {
    const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    const asked = new Set(
      ['lifecycle', 'terminal-fentry', 'terminal-workqueue'].flatMap(name =>
        [...read(`bpf/${name}.bt`).matchAll(/kaddr\("(\w+)"\)/g)].map(([, found]) => found),
      ),
    );
    expect([...asked]).toEqual(['flush_to_ldisc']);
    expect(read('share/systemd/vigil.service')).toContain(
      'grep -w flush_to_ldisc /proc/kallsyms >%t/vigil/kallsyms',
    );
  });
});
