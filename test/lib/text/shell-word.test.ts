import { expect, test } from 'vitest';
import { shellWord } from '../../../src/lib/text/shell-word.js';

test.each([
  ['/mnt/nas', '/mnt/nas'],
  ['web@1.service', 'web@1.service'],
  ['/mnt/my disk', "'/mnt/my disk'"],
  ['/mnt/$(reboot)', "'/mnt/$(reboot)'"],
  ["/mnt/'; reboot", "'/mnt/'\\''; reboot'"],
  ['/mnt/a\nreboot', "'/mnt/a\\nreboot'"],
  ['', "''"],
])('%j → %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
});
