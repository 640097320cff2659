import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Rig } from '../api/rig.js';
import { vigil } from './io.js';

describe('whitelist, pause and resume', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());
  beforeEach(() => {
    rig.daemon.entries = [];
  });

  const run = (...args: string[]) => vigil([...args, '--runtime-dir', rig.dir]);

  it('an entry is added, listed and removed', async () => {
    expect(await run('whitelist', 'list')).toMatchObject({ code: 0, out: 'The whitelist is empty.\n' });
    const added = await run('whitelist', 'add', 'fire*', '--reason', 'many\u001b[31m tabs');
    expect(added).toMatchObject({ code: 0, out: 'Not reported from now on: name fire* (entry 1).\n' });
    const { out } = await run('whitelist', 'list');
    expect(out).toMatch(/^ID +TYPE +PATTERN +SINCE +REASON\n +1 +name +fire\* /);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await run('whitelist', 'list', '--json')).out)).toMatchObject([
      { pattern: 'fire*', match_type: 'name' },
    ]);
    expect(await run('whitelist', 'remove', '1')).toMatchObject({ code: 0, out: 'Entry 1 is removed.\n' });
    expect(rig.daemon.entries).toEqual([]);
  });

  it.each([
    [['whitelist', 'add', '(a+', '--type', 'regex'], /regular expression|pattern/i],
    [['whitelist', 'add', '*'], /matches every process/],
    [['whitelist', 'remove', '9'], /no entry 9/],
    [['whitelist', 'remove', 'fire'], /not "fire"/],
  ])('%j is refused, and says why', async (args, why) => {
    const { code, err, out } = await run(...args);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err).toMatch(why);
    expect(rig.daemon.entries).toEqual([]);
  });

  it('pauses and resumes', async () => {
    expect(await run('pause')).toMatchObject({ code: 0 });
    expect(rig.daemon.isPaused).toBe(true);
    expect(await run('resume')).toMatchObject({ code: 0 });
    expect(rig.daemon.isPaused).toBe(false);
  });
});
