import { appendFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { kernelStructs } from '../../../src/sources/kernel/bpftrace.js';
import { BpftraceProbeCache } from '../../../src/sources/kernel/bpftrace-probe-cache.js';
import { chooseTier } from '../../../src/sources/kernel/tier.js';
import { isRoot, scratch, script } from './helpers.js';

/** A start of the daemon, as far as it asks bpftrace; what was asked. */
describe.skipIf(!isRoot)('what bpftrace answered', () => {
  let folder: string;
  let path: string;
  let file: string;

  /** `probe`: what it does when asked to attach a tracing program. */
  const install = (probe: string, name = 'bpftrace') =>
    script(
      name,
      `#!/bin/sh
case $1 in
--version) echo version >>${folder}/asked; echo bpftrace v0.99.0 ;;
-lv) echo "$2" >>${folder}/asked; echo "$2 {" ;;
*) echo trial >>${folder}/asked; ${probe} ;;
esac
`,
    );
  const ATTACHED = `printf '{"type": "printf", "data": "attached\\\\n"}\\n'; exit 0`;
  const start = async (boot_id = 'this boot') => {
    writeFileSync(join(folder, 'asked'), '');
    const cache = new BpftraceProbeCache(file, boot_id);
    const { tier, version, bpftrace } = await chooseTier(path, undefined, { cache });
    const structs = await kernelStructs(bpftrace!, cache);
    const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').sort().join();
    return { asked, result: { tier, version, structs } };
  };
  const ALL = 'struct n_tty_data,struct pid,trial,version';

  beforeEach(() => {
    folder = mkdtempSync(join(scratch, 'cache-'));
    file = join(folder, 'bpftrace.json');
    path = install(ATTACHED);
  });

  it('is not asked again at the next start, and is root’s alone', async () => {
    const first = await start();
    expect(first.asked).toBe(ALL);
    expect(first.result).toMatchObject({ tier: 'fentry', version: '0.99.0' });
    const second = await start();
    expect(second.asked).toBe('');
    expect(second.result).toEqual(first.result);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is asked again after a boot, of another bpftrace, and of one that was updated', async () => {
    await start();
    expect((await start('the next boot')).asked).toBe(ALL);
    appendFileSync(path, '# newer\n');
    expect((await start('the next boot')).asked).toBe(ALL);
    path = install(ATTACHED, 'another');
    expect((await start('the next boot')).asked).toBe(ALL);
  });

  it('a refusal is asked for each time: perhaps the machine was only busy', async () => {
    path = install('exit 1');
    expect((await start()).result.tier).toBe('tracepoint');
    expect((await start()).asked).toBe('trial');
  });

  it.each(['', '{}', '{"path": 7}', '[', '{"boot_id": "this boot"}'])(
    'a file that holds %j counts for nothing',
    async text => {
      writeFileSync(file, text);
      expect((await start()).asked).toBe(ALL);
      expect((await start()).asked).toBe('');
    },
  );

  it('where nothing can be kept, all is asked each time', async () => {
    file = join(folder, 'no', 'such', 'folder');
    expect((await start()).asked).toBe(ALL);
    expect((await start()).asked).toBe(ALL);
  });
});
