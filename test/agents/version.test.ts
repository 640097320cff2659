import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newerThanTested, versionOf } from '../../src/agents/recognition/version.js';

const uid = process.getuid!();
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-version-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function npmPackage(version: string): string {
  const folder = join(dir, 'node_modules/@moonshot-ai/kimi-code');
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'kimi', version }));
  return join(folder, 'dist/main.mjs');
}
const onNode = (script: string, owner = uid) =>
  versionOf({ exe: '/usr/bin/node', argv: ['node', script], uid: owner });

it('is that of the package out of which the agent runs, or that in its path', () => {
  expect(onNode(npmPackage('2.1.0'))).toBe('2.1.0');
  expect(versionOf({ exe: '/home/u/.local/share/claude/versions/2.1.233', argv: ['claude'], uid })).toBe(
    '2.1.233',
  );
  expect(versionOf({ exe: '/usr/bin/claude', argv: ['claude'], uid })).toBeNull();
});

it('is not believed of a file behind a link, of another user, or that says something else', () => {
  expect(onNode(npmPackage('2.1.0\u001b[31m'))).toBeNull();
  const script = npmPackage('9.9.9');
  const file = join(dir, 'node_modules/@moonshot-ai/kimi-code/package.json');
  if (uid !== 0) expect(onNode(script, uid + 1)).toBeNull();
  rmSync(file);
  writeFileSync(join(dir, 'elsewhere.json'), '{"version":"1.2.3"}');
  symlinkSync(join(dir, 'elsewhere.json'), file);
  expect(onNode(script)).toBeNull();
});

it.each([
  ['kimi', '2.1.0', null],
  ['kimi', '2.0.99', null],
  ['kimi', '2.10.0', '2.1.0'],
  ['kimi', null, null],
  ['never played', '1.0.0', null],
  ['constructor', '1.0.0', null],
])('%s %s against the newest tested: %s', (agent, version, newest) => {
  expect(newerThanTested(agent, version, { kimi: '2.1.0' })).toBe(newest);
});
