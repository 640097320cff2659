import { expect, it } from 'vitest';
import { isLong, jsonPieces, rowsIn } from '../../../src/api/socket/json-pieces.js';

const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: `row “${id}”\n`, none: undefined }));

it.each<[string, unknown]>([
  ['a short list', rows(3)],
  ['a long list', rows(1000)],
  [
    'a long list below tables',
    { type: 'response', id: 7, data: { steps: [{ targets: rows(200) }], risk: 'safe' } },
  ],
  ['long lists side by side', { a: rows(40), b: null, c: rows(50), d: undefined }],
  ['lists of long lists', Array.from({ length: 40 }, () => [1, null, undefined, 'x'])],
  ['a table without anything', { data: { rows: rows(100), none: {} } }],
])('%s is written as JSON.stringify writes it', (_, value) => {
  expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value));
});

it('a long list comes in pieces that are bounded', () => {
  const pieces = [...jsonPieces({ data: rows(10_000) })];
  expect(pieces.length).toBeGreaterThan(10);
  expect(Math.max(...pieces.map(piece => piece.length))).toBeLessThan(20_000);
});

it('what is short is told from what is long', () => {
  expect([isLong({ data: rows(5) }), isLong({ data: rows(500) })]).toEqual([false, true]);
  expect(rowsIn({ data: rows(500), more: rows(40) })).toBe(540);
});
