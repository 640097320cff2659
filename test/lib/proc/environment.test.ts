import { expect, it, vi } from 'vitest';
import { environmentOf, variablesIn } from '../../../src/lib/proc/environment.js';
import { memoryOf } from '../../../src/lib/proc/process-memory.js';

const WANTED = ['HOME', 'TERM'] as const;
const found = (text: string) => variablesIn(Buffer.from(text), WANTED);

it('finds variables anywhere, and the last one of a name', () => {
  expect(found('HOME=/a\0TERM=xterm\0')).toEqual({ HOME: '/a', TERM: 'xterm' });
  expect(found('X=1\0HOME=/a\0HOME=/b')).toEqual({ HOME: '/b' });
  expect(found('HOME=/a\0OLDHOME=/b\0X=HOME=/c\0')).toEqual({ HOME: '/a' });
  expect(found('HOME=\0')).toEqual({ HOME: '' });
  expect(found('HOME\0TERM')).toEqual({});
  expect(found('')).toEqual({});
});

it('a mapping without anything in it is no more work than a full one', () => {
  const time = (bytes: Buffer) => {
    const begin_ms = performance.now();
    for (let i = 0; i < 20; i++) variablesIn(bytes, WANTED);
    return performance.now() - begin_ms;
  };
  const full = Buffer.alloc(262_144, 'NAME=a value as they are\0');
  const best = (bytes: Buffer) => Math.min(time(bytes), time(bytes), time(bytes));
  expect(best(Buffer.alloc(262_144))).toBeLessThan(20 * best(full) + 1);
});

it('tells what cannot be told now from what is not set', () => {
  const read = vi.spyOn(memoryOf('/unknown'), 'read');
  read.mockReturnValueOnce('unknown').mockReturnValueOnce(null).mockReturnValueOnce(Buffer.from('TERM=a\0'));
  expect(environmentOf('/unknown', 7, WANTED)).toBe('unknown');
  expect(environmentOf('/unknown', 7, WANTED)).toEqual({});
  expect(environmentOf('/unknown', 7, WANTED)).toEqual({ TERM: 'a' });
});
