import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FIRST_WORDS } from '../../src/cli/commands/index.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = [
  'README.md',
  'test/vm/README.md',
  'contrib/README.md',
  ...['docs', 'specs'].flatMap(folder =>
    readdirSync(join(ROOT, folder))
      .filter(name => name.endsWith('.md'))
      .map(name => `${folder}/${name}`),
  ),
];

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** As GitHub makes them of headings. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function problemOf(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return `${link}: there is no such file`;
  if (anchor === undefined || anchors(target).includes(anchor)) return null;
  return `${link}: there is no such heading`;
}

describe('the documents', () => {
  it.each(PAGES)('%s links only to what is there', page => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const local = links.filter(link => !/^[a-z]+:/.test(link));
    expect(local.map(link => problemOf(page, link)).filter(problem => problem !== null)).toEqual([]);
  });

  it('begin with two commands and are short at first', () => {
    const lines = read('README.md').split('\n');
    expect(lines.slice(0, 6).join('\n')).toMatch(/make run .*\nmake test /);
    expect(lines.length).toBeLessThanOrEqual(200);
  });

  it('name every command', () => {
    const page = read('docs/commands.md');
    expect([...FIRST_WORDS].filter(name => !page.includes(`vigil ${name}`))).toEqual([]);
  });
});
