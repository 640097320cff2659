import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/lib/text/printable.js';
import { clip, pad, width } from '../../../src/lib/text/width.js';

describe('printable', () => {
  it.each([
    ['plain text', 'plain text'],
    ['naïve – 日本語 👩‍💻', 'naïve – 日本語 👩‍💻'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u0000\u007f\u0085\u009b', '\\x00\\x7f\\x85\\x9b'],
    ['a\u202eb\u2066c\u200ed', 'a\\u202eb\\u2066c\\u200ed'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['\ud83d', '\\ud83d'],
    ['x\udc00y', 'x\\udc00y'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('%j becomes %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['👩👩👩', 3, '👩👩👩'],
    ['👩👩👩👩', 3, '👩👩…'],
    ['ab\u001b\u001b', 6, 'ab…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j within %d is %j', (text, max, shown) => {
    expect(printable(text, max)).toBe(shown);
  });

  it('never lets a control or half a character through, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 40 }), (text, max) => {
        const shown = printable(text, max);
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(Buffer.from(shown).toString()).toBe(shown);
        expect([...shown].length).toBeLessThanOrEqual(max);
        expect(printable(shown, max)).toBe(shown);
      }),
    );
  });
});

describe('width', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['✳ Claude', 8],
    ['👩', 2],
    ['👨‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['⚠️', 2],
    ['1️⃣', 2],
    ['नमस्ते', 3],
  ])('%j takes %d cells', (text, cells) => {
    expect(width(text)).toBe(cells);
  });

  it('is of one cell each for what it takes as plain', () => {
    for (const [first, last] of [' ~', '¡¬', '®ɏ', '–•', '……', '←↓', '─▟'].map(range => [...range]))
      for (let code = first!.codePointAt(0)!; code <= last!.codePointAt(0)!; code++)
        expect([code, stringWidth(String.fromCodePoint(code))]).toEqual([code, 1]);
  });

  it('cuts and fills to the cell', () => {
    expect(clip('日本語', 5)).toBe('日本…');
    expect(pad('日本語', 4)).toBe('日… ');
    expect(pad('12', 4, 'right')).toBe('  12');
  });
});
