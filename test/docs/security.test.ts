import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage, rows, section } from './page.js';

describe('the table of entrances', () => {
  const entrances = rows(section(readPage('security.md'), '## Entrances'));

  it('names a bound and a test for each', () => {
    expect(entrances.length).toBeGreaterThan(20);
    for (const [entrance, who, bound, test] of entrances) {
      expect(who, entrance).not.toBe('');
      expect(bound, entrance).not.toBe('');
      const files = [...(test ?? '').matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
      expect(files.length, entrance).toBeGreaterThan(0);
      for (const file of files) expect(existsSync(resolve(file)), `${entrance}: ${file}`).toBe(true);
    }
  });
});
