import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { keyLines, lineOf, pathKey } from '../../src/config/key-lines.js';

describe('keyLines', () => {
  it('finds keys in every form that TOML has', () => {
    const lines = keyLines(
      [
        '# comment = 1', // 1
        'a = 1 # b = 2', // 2
        '"quoted key" . c = "x = y # z"', // 3
        '[t.u]', // 4
        '  d = """', // 5
        'e = 1', // 6
        '\\""" more"""', // 7
        "f = 'it''s'".replace("''", ''), // 8
        '[[l]]', // 9
        'g = [ # why', // 10
        '  { h = 1 },', // 11
        '  { h = "]" }', // 12
        ']', // 13
        '[[l]]', // 14
        'g = 1', // 15
        '[l.sub]', // 16
        'i = 2020-01-01 00:00:00', // 17
        '[[l.many]]', // 18
        'j = 1', // 19
      ].join('\r\n'),
    );
    const at = (...path: (string | number)[]) => lines.get(pathKey(path));
    expect(at('comment')).toBeUndefined();
    expect(at('a')).toBe(2);
    expect(at('b')).toBeUndefined();
    expect(at('quoted key', 'c')).toBe(3);
    expect(at('t', 'u')).toBe(4);
    expect(at('t', 'u', 'd')).toBe(5);
    expect(at('t', 'u', 'e')).toBeUndefined();
    expect(at('t', 'u', 'f')).toBe(8);
    expect(at('l', 0)).toBe(9);
    expect(at('l', 0, 'g', 0, 'h')).toBe(11);
    expect(at('l', 0, 'g', 1, 'h')).toBe(12);
    expect(at('l', 1)).toBe(14);
    expect(at('l', 1, 'g')).toBe(15);
    expect(at('l', 1, 'sub', 'i')).toBe(17);
    expect(at('l', 1, 'many', 0, 'j')).toBe(19);
    expect(lineOf(lines, ['t', 'u', 'nothing'])).toBe(4);
    expect(lineOf(lines, ['nothing'])).toBeNull();
  });

  it('ends on any text, valid or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}="\'\n.#,a\\ ') }), text => void keyLines(text)),
    );
  });

  it('finds each key of any document', () => {
    const value: fc.Arbitrary<unknown> = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(fc.string()),
        fc.dictionary(fc.string(), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), table => {
        const text = stringify(table);
        const lines = keyLines(text);
        for (const [key, child] of Object.entries(table)) {
          if (typeof child === 'object') continue;
          const line = text.split('\n')[(lines.get(pathKey([key])) ?? 0) - 1];
          expect(line?.startsWith(/^[\w-]+$/.test(key) ? key : '"')).toBe(true);
        }
      }),
    );
  });
});
