import { expect, test } from 'vitest';
import { bytesText, counted, durationText, percentText } from '../../../src/lib/text/amounts.js';
import { globMatcher } from '../../../src/lib/text/glob.js';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [2.1 * 1024 ** 3, '2.1 GB'],
  [999.9 * 1024 ** 2, '1000 MB'],
  [16 * 1024 ** 3, '16 GB'],
])('%d bytes: %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [45_000, '45 s'],
  [300_000, '5 min'],
  [27_000_000, '7.5 h'],
  [7_200_000, '2 h'],
  [259_200_000, '3 days'],
])('%d ms: %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('shares and counts', () => {
  expect([percentText(9.96), percentText(93.4), percentText(0)]).toEqual(['10 %', '93 %', '0 %']);
  expect([counted(1, 'orphan'), counted(14, 'orphan'), counted(2, 'process', 'processes')]).toEqual([
    '1 orphan',
    '14 orphans',
    '2 processes',
  ]);
});

test.each<[string, string, boolean]>([
  ['dbus*', 'dbus-daemon', true],
  ['*', '', true],
  ['a*b', 'ab', true],
  ['a*a', 'a', false],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'a1c2b', false],
  ['*ab*ab*', 'xabx', false],
  ['a.c', 'abc', false],
])('%s on %s: %s', (glob, text, expected) => {
  expect(globMatcher(glob)(text)).toBe(expected);
});
