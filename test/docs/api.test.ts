import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/api/commands/map.js';
import { apiReference } from '../../src/api/reference.js';
import { readPage, section } from './page.js';

const page = readPage('api.md');

it('docs/api.md is as it is made from the commands: make docs writes it', () => {
  expect(page).toBe(apiReference());
});

it('has a section for each command, that says who may ask', () => {
  for (const name of COMMANDS.keys()) expect(section(page, `### \`${name}\``)).toMatch(/^For /m);
});

it('every type that it speaks of is there', () => {
  const headings = page.split('\n').filter(line => line.startsWith('### '));
  const anchors = new Set(headings.map(line => line.slice(4).replaceAll('`', '').toLowerCase()));
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, to]) => to!);
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(to => !anchors.has(to))).toEqual([]);
});
