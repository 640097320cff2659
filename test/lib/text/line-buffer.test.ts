import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../../src/lib/text/line-buffer.js';

/** What lines come out when the text goes in by pieces of this size. */
function linesOf(text: string, size: number): string[] {
  const buffer = new LineBuffer();
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    buffer.push(bytes.subarray(at, at + size));
    for (let line = buffer.take(); line !== undefined; line = buffer.take()) lines.push(line.toString());
  }
  return lines;
}

describe('a line', () => {
  const text = `a\n\nébé\n${'x'.repeat(5_000)}\n${'y'.repeat(70_000)}\nlast`;
  it.each([1, 2, 3, 1000, 65_536, 200_000])('comes whole out of pieces of %i bytes', size => {
    expect(linesOf(text, size)).toEqual(text.split('\n').slice(0, -1));
  });

  it('stays as it is when others come after it', () => {
    const buffer = new LineBuffer();
    buffer.push(Buffer.from('first\nsec'));
    const first = buffer.take();
    buffer.push(Buffer.from('ond\nthird\n'));
    expect([first, buffer.take(), buffer.take(), buffer.take()].map(line => line?.toString())).toEqual([
      'first',
      'second',
      'third',
      undefined,
    ]);
    expect([buffer.size, buffer.heldBytes]).toEqual([0, 0]);
  });

  it('that was large leaves its room to others', () => {
    const buffer = new LineBuffer();
    buffer.push(Buffer.from(`${'x'.repeat(900_000)}\n{`));
    expect(buffer.take()).toHaveLength(900_000);
    expect(buffer.heldBytes).toBeLessThan(1_000);
    buffer.push(Buffer.from('}\n'));
    expect(buffer.take()?.toString()).toBe('{}');
  });
});

/** Of this process, without what nobody can reach. */
function memoryBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('an unfinished line costs what it is long, however small its pieces were', () => {
  const before_bytes = memoryBytes();
  const buffers = Array.from({ length: 10 }, () => new LineBuffer());
  const COUNT = 30_000;
  for (let i = 0; i < COUNT; i++) {
    for (const buffer of buffers) {
      buffer.push(Buffer.alloc(1, 'x'));
      buffer.take();
    }
  }
  const cost_bytes = memoryBytes() - before_bytes;
  const held_bytes = buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  expect(held_bytes).toBe(10 * COUNT);
  expect(cost_bytes / held_bytes).toBeLessThan(20);
});
