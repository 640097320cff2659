import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBpftrace } from '../../../src/sources/kernel/bpftrace.js';
import { chooseTier } from '../../../src/sources/kernel/tier.js';
import { isRoot, scratch } from './helpers.js';

/** Somebody who may not decide what root runs. */
const ANN = 4321;

let count = 0;
/** A program in a folder of its own that leaves a mark when it is run. */
function program() {
  const folder = join(scratch, `program-${++count}`);
  mkdirSync(folder, { mode: 0o755 });
  const path = join(folder, 'bpftrace');
  const mark = join(folder, 'was-run');
  writeFileSync(path, `#!/bin/sh\ntouch ${mark}\necho bpftrace v0.99.0\n`);
  chmodSync(path, 0o755);
  return { folder, path, wasRun: () => existsSync(mark) };
}

type Program = ReturnType<typeof program>;

/** A link to it, in a folder of somebody else. */
function linkOfAnn({ folder, path }: Program): string {
  const home = join(folder, 'home');
  mkdirSync(home);
  symlinkSync(path, join(home, 'bpftrace'));
  chownSync(home, ANN, ANN);
  return join(home, 'bpftrace');
}

describe.skipIf(!isRoot)('a program that root shall run', () => {
  it('is run when nobody else can change it', async () => {
    const found = program();
    expect(await findBpftrace(found.path)).toMatchObject({ bpftrace: { version: '0.99.0' } });
    const link = join(found.folder, 'link');
    symlinkSync('bpftrace', link);
    expect(await findBpftrace(link)).toMatchObject({ bpftrace: { version: '0.99.0' } });
  });

  it.each<[string, (program: Program) => string | undefined, RegExp]>([
    [
      'somebody else’s',
      ({ path }) => void chownSync(path, ANN, ANN),
      /program-\d+\/bpftrace belongs to uid 4321/,
    ],
    ['its group’s to write', ({ path }) => void chmodSync(path, 0o775), /bpftrace may be written by others/],
    ['anyone’s to write', ({ path }) => void chmodSync(path, 0o757), /bpftrace may be written by others/],
    [
      'in somebody else’s folder',
      ({ folder }) => void chownSync(folder, ANN, ANN),
      /program-\d+ belongs to uid 4321/,
    ],
    [
      'in a folder of a group',
      ({ folder }) => void chmodSync(folder, 0o775),
      /others may write into .*program/,
    ],
    ['in anyone’s folder', ({ folder }) => void chmodSync(folder, 0o757), /anyone may write into .*program/],
    ['behind somebody else’s link', linkOfAnn, /home belongs to uid 4321/],
    [
      'behind a link to somebody else’s link',
      found => {
        const link = join(found.folder, 'link');
        symlinkSync(linkOfAnn(found), link);
        return link;
      },
      /home belongs to uid 4321/,
    ],
    [
      'a folder',
      ({ folder }) => {
        const path = join(folder, 'folder');
        mkdirSync(path);
        return path;
      },
      /folder is not a regular file/,
    ],
  ])('is not run when it is %s, and the tier says so', async (_, change, why) => {
    const found = program();
    const path = change(found) ?? found.path;
    const choice = await chooseTier(path, undefined);
    expect(choice).toMatchObject({ tier: 'procfs', bpftrace: null });
    expect(choice.reason).toMatch(why);
    expect(found.wasRun()).toBe(false);
  });

  it('that is not there is missed', async () => {
    expect(await findBpftrace(join(scratch, 'none'))).toMatchObject({
      problem: expect.stringContaining('no executable bpftrace'),
    });
  });
});
