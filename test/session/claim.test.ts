import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claim, desktopClaim, isClaimed } from '../../src/session/claim.js';

let runtime: string;
let path: string;
const claims: Claim[] = [];

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'vigil-claim-'));
  path = desktopClaim(runtime);
});

afterEach(() => {
  for (const claim of claims.splice(0)) claim.release();
  rmSync(runtime, { recursive: true, force: true });
});

function claimOf(where = path): Claim {
  const claim = new Claim(where);
  claims.push(claim);
  return claim;
}

it('is held by one at a time, and free again when that one lets go', async () => {
  const [first, second] = [claimOf(), claimOf()];
  expect(await first.take()).toBe(true);
  expect(await second.take()).toBe(false);
  expect(second.refusal).toEqual({ taken: true, why: 'another vigil serves this desktop' });
  first.release();
  expect(await second.take()).toBe(true);
  expect(second.refusal).toBeNull();
  expect(await isClaimed(path)).toBe(true);
});

it('is taken over from a hand that was killed', async () => {
  mkdirSync(dirname(path));
  const listen = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('.'))`;
  const dying = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(dying.stdout, 'data');
  dying.kill('SIGKILL');
  await once(dying, 'exit');
  expect(existsSync(path)).toBe(true);
  expect(await claimOf().take()).toBe(true);
});

it('belongs to another who does not even accept', async () => {
  mkdirSync(dirname(path));
  const deaf = createServer();
  deaf.maxConnections = 0;
  await new Promise<void>(resolve => {
    deaf.listen(path, resolve);
  });
  const claim = claimOf();
  expect(await claim.take()).toBe(false);
  expect(claim.refusal?.taken).toBe(true);
  deaf.close();
});

it.each([
  ['a file where its folder should be', () => writeFileSync(dirname(path), ''), 'is not a folder: remove it'],
  [
    'a folder where its socket should be',
    () => mkdirSync(path, { recursive: true }),
    'is a folder: remove it',
  ],
  ['a link to nowhere', () => symlinkSync('/nonexistent/x', dirname(path)), 'is not there'],
  ['no runtime directory', () => rmSync(runtime, { recursive: true }), 'is not there'],
])('%s is named, and is no other vigil', async (_what, make, message) => {
  make();
  const claim = claimOf();
  expect(await claim.take()).toBe(false);
  expect(claim.refusal?.taken).toBe(false);
  expect(claim.refusal?.why).toContain(message);
  expect(claim.refusal?.why).toContain(runtime);
});

it('a path that a socket cannot have is refused, not cut off', async () => {
  const long = join(runtime, 'x'.repeat(120));
  mkdirSync(long);
  const claim = claimOf(desktopClaim(long));
  expect(await claim.take()).toBe(false);
  expect(claim.refusal?.why).toContain('choose a shorter XDG_RUNTIME_DIR');
  expect(claim.refusal?.why.length).toBeLessThanOrEqual(200);
});
