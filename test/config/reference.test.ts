import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knownKeys } from '../../src/config/problems.js';
import { configReference } from '../../src/config/reference.js';

describe('docs/configuration.md', () => {
  const text = configReference();

  it('is current: make docs writes it', () => {
    expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(text);
  });

  it('has every key', () => {
    for (const key of knownKeys()) expect(text).toContain(`| \`${key.split('.').at(-1)}\` |`);
  });
});
