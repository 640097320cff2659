import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AskDatabase, askDatabase, type Entry, findGroup } from '../../../src/lib/os/user-database.js';
import { Users } from '../../../src/lib/os/users.js';

/** Users of LDAP, SSSD and the like stand in no file. */

let dir: string;
let file: string;
let asked: string[];
let answers: Record<string, Entry>;
const ask: AskDatabase = async (database, key) => {
  asked.push(`${database} ${key}`);
  return answers[key] ?? 'unknown';
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-users-'));
  file = join(dir, 'passwd');
  writeFileSync(file, 'local:x:1000:1001::/home/local:/bin/sh\n');
  asked = [];
  answers = { 70001: { line: 'CORP\\ann:*:70001:70000:Ann:/home/corp/ann:/bin/bash' } };
});
afterEach(() => rmSync(dir, { recursive: true }));

it('of the file are known at once, and nobody is asked', async () => {
  const users = new Users(file, ask);
  expect(users.name(1000)).toBe('local');
  expect(await users.lookup(1000)).toEqual({ name: 'local', gid: 1001, home: '/home/local' });
  expect(asked).toEqual([]);
});

it('of the database are known as soon as it answers, with their own group', async () => {
  const users = new Users(file, ask);
  expect(users.name(70001)).toBe('70001');
  expect(await users.lookup(70001)).toEqual({ name: 'CORP\\ann', gid: 70000, home: '/home/corp/ann' });
  expect(users.name(70001)).toBe('CORP\\ann');
  expect(users.home(70001)).toBe('/home/corp/ann');
  expect(asked).toEqual(['passwd 70001']);
});

it('that nobody knows are not asked for again and again', async () => {
  const users = new Users(file, ask);
  for (let i = 0; i < 100; i++) users.name(70002);
  expect(await users.lookup(70002)).toBe('unknown');
  expect(await users.lookup(70002)).toBe('unknown');
  expect(users.name(70002)).toBe('70002');
  expect(asked).toHaveLength(1);
});

it('are asked for by few questions, however many numbers there are', async () => {
  const users = new Users(file, ask);
  for (let uid = 100_000; uid < 110_000; uid++) users.name(uid);
  expect(asked.length).toBeLessThan(100);
});

it('are not taken for somebody else when the database answers nonsense, or does not', async () => {
  answers = {
    1: { line: 'root:x:0:0::/root:/bin/sh' },
    2: { line: 'x:x:2:not-a-number::/:/bin/sh' },
    3: 'failed',
    4: { line: 'evil\u001b[31m:x:4:4::relative:/bin/sh' },
  };
  const users = new Users(file, ask);
  expect(await users.lookup(1)).toBe('unknown');
  expect(await users.lookup(2)).toBe('unknown');
  expect(await users.lookup(3)).toBe('failed');
  const evil = await users.lookup(4);
  expect(evil).toMatchObject({ home: '/' });
  expect(users.name(4)).not.toContain('\u001b');
});

it('the real database knows root, and not everybody', async () => {
  expect(await askDatabase('passwd', '0')).toMatchObject({ line: expect.stringMatching(/^root:/) });
  expect(await askDatabase('passwd', '3999999999')).toBe('unknown');
  expect(await askDatabase('passwd', '--version')).toBe('unknown');
  expect(await findGroup('root')).toBe(0);
  expect(await findGroup('no-such-group-here')).toBeNull();
});
