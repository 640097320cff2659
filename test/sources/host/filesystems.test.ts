import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FilesystemCollector } from '../../../src/sources/host/filesystems/filesystems.js';
import { parseMountinfo } from '../../../src/sources/host/filesystems/mounts.js';
import {
  type AskStatfs,
  parseStatOutput,
  type Sizes,
  statfsByChild,
  statfsNow,
} from '../../../src/sources/host/filesystems/statfs.js';
import { chooseTargets } from '../../../src/sources/host/filesystems/targets.js';
import { ask, fixture, tree } from './tree.js';

const laptop = () => Buffer.from(fixture('mountinfo/developer-laptop'), 'latin1').toString('utf8');
const sizes: Sizes = { total_bytes: 1_000, available_bytes: 100, inodes_total: 10, inodes_free: 5 };

describe('mountinfo', () => {
  it('has escaped names, any number of optional fields, and lines that are none', () => {
    const mounts = parseMountinfo(laptop());
    expect(mounts).toHaveLength(24);
    const srv = mounts.find(({ mount }) => mount === '/srv');
    expect(srv).toMatchObject({ device_number: '8:1', root: '/data', type: 'ext4', source: '/dev/sda1' });
    expect(mounts.map(({ mount }) => mount)).toContain('/mnt/My Disk\\one\nline');
  });
});

describe('which filesystems', () => {
  const targets = chooseTargets(parseMountinfo(laptop()));
  const of = (mount: string) => targets.find(target => target.mount === mount);

  it('each once, those that hold files and can fill up', () => {
    expect(targets.map(({ mount }) => mount)).toEqual([
      '/run',
      '/mnt/whole',
      '/boot/efi',
      '/mnt/My Disk\\one\nline',
      '/mnt/nas',
      '/mnt/nas/inner',
      '/backup',
      '/home/me/remote',
      '/tmp',
    ]);
  });

  it('what may hang: servers, programs, and everything below them', () => {
    expect(targets.filter(({ may_hang }) => may_hang).map(({ mount }) => mount)).toEqual([
      '/mnt/nas',
      '/mnt/nas/inner',
      '/home/me/remote',
    ]);
  });

  it('says read-only of a filesystem that the kernel switched over, and of a mount that is so', () => {
    expect(of('/mnt/My Disk\\one\nline')?.read_only).toBe(true);
    expect(of('/mnt/whole')?.read_only).toBe(true);
    expect(of('/tmp')?.read_only).toBe(false);
  });

  it('in a container: its overlay root, and one file of the host', () => {
    const text = [
      '1 0 0:60 / / rw - overlay overlay rw,lowerdir=/l',
      '2 1 254:1 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/vda1 rw',
      '3 1 254:1 /var/lib/docker/containers/x/hostname /etc/hostname rw - ext4 /dev/vda1 rw',
    ].join('\n');
    expect(chooseTargets(parseMountinfo(text)).map(({ mount }) => mount)).toEqual(['/', '/etc/hosts']);
  });

  it('bounded', () => {
    const text = Array.from({ length: 1_000 }, (_, i) => `1 0 9:${i} / /m${i} rw - ext4 /dev/x${i} rw`).join(
      '\n',
    );
    expect(chooseTargets(parseMountinfo(text))).toHaveLength(128);
  });
});

describe('statfs', () => {
  it('says the same at once and from a process of its own', async () => {
    const now = statfsNow('/')!;
    const asked = (await statfsByChild('/')) as Sizes;
    expect(asked.total_bytes).toBe(now.total_bytes);
    expect(asked.inodes_total).toBe(now.inodes_total);
    expect(Math.abs(asked.available_bytes - now.available_bytes)).toBeLessThan(now.total_bytes / 10);
  });

  it('is nothing where there is nothing', async () => {
    expect(statfsNow('/no/such')).toBeNull();
    expect(await statfsByChild('/no/such')).toBeNull();
    expect(await statfsByChild('--version')).toBeNull();
  });

  it.each(['', '1 2 3', 'a b c d e', '1 2 3 4 5 6'])('refuses %j', text => {
    expect(parseStatOutput(text)).toBeNull();
  });

  it('knows no inodes where their number is not fixed', () => {
    expect(parseStatOutput('4096 100 50 0 0\n')).toEqual({
      total_bytes: 409_600,
      available_bytes: 204_800,
      inodes_total: null,
      inodes_free: null,
    });
  });
});

it("believes the first process, not a service's sandbox, about what is read-only", () => {
  const line = (option: string) => `1 0 8:1 / / ${option} - ext4 /dev/sda1 rw\n`;
  const collector = new FilesystemCollector(undefined, () => sizes);
  const roots = tree({ 'proc/self/mountinfo': line('ro'), 'proc/1/mountinfo': line('rw') });
  expect(ask(collector, roots, 0).filesystems![0]!.read_only).toBe(false);
  const alone = tree({ 'proc/self/mountinfo': line('ro') });
  expect(ask(collector, alone, 10_000).filesystems![0]!.read_only).toBe(true);
});

describe('vigil in a sandbox, where everything is read-only', () => {
  const line = (options: string) => `1 0 8:1 / / ${options} - ext4 /dev/sda1 rw\n`;
  const readOnly = (files: Record<string, string>) =>
    ask(new FilesystemCollector(undefined, () => sizes), tree(files), 0).filesystems!.map(
      ({ read_only }) => read_only,
    );

  it('sees the mounts as the first process does, else its own', () => {
    const own = { 'proc/self/mountinfo': line('ro') };
    expect(readOnly({ ...own, 'proc/1/mountinfo': line('rw') })).toEqual([false]);
    expect(readOnly(own)).toEqual([true]);
  });
});

describe('a mount that does not answer', () => {
  const mountinfo = '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:45 / /nas rw - nfs4 nas:/x rw\n';
  const rig = () => {
    const roots = tree({ 'proc/self/mountinfo': mountinfo });
    const answers: ((answer: Sizes | 'no answer' | null) => void)[] = [];
    const asked: AskStatfs = () => new Promise(resolve => answers.push(resolve));
    const collector = new FilesystemCollector(asked, () => sizes);
    const round = async (now_ms: number) => {
      const found = ask(collector, roots, now_ms).filesystems!;
      await Promise.resolve();
      return found.map(({ mount, hung, total_bytes }) => `${mount} ${hung ? 'hung' : 'ok'} ${total_bytes}`);
    };
    return { roots, answers, round, collector };
  };

  it('is hung after five seconds, keeps its last sizes, and is well when it answers', async () => {
    const { answers, round, collector } = rig();
    expect(await round(0)).toEqual(['/ ok 1000']);
    answers[0]!({ ...sizes, total_bytes: 7 });
    await Promise.resolve();
    expect(await round(10_000)).toEqual(['/ ok 1000', '/nas ok 7']);
    expect(await round(30_000)).toEqual(['/ ok 1000', '/nas ok 7']);
    expect(collector.note()).toBeNull();
    expect(await round(40_000)).toEqual(['/ ok 1000', '/nas hung 7']);
    expect(collector.note()).toBe('no answer from /nas');
    // One question at a time, however long it takes.
    expect(await round(400_000)).toEqual(['/ ok 1000', '/nas hung 7']);
    expect(answers).toHaveLength(2);
    answers[1]!({ ...sizes, total_bytes: 8 });
    await Promise.resolve();
    expect(await round(410_000)).toEqual(['/ ok 1000', '/nas ok 8']);
  });

  it('stays hung from one question to the next, and is shown without sizes when it never had any', async () => {
    const { answers, round } = rig();
    await round(0);
    answers[0]!('no answer');
    await Promise.resolve();
    expect(await round(10_000)).toEqual(['/ ok 1000', '/nas hung 0']);
    expect(await round(30_000)).toEqual(['/ ok 1000', '/nas hung 0']);
    expect(answers).toHaveLength(2);
    answers[1]!(null);
    await Promise.resolve();
    expect(await round(40_000)).toEqual(['/ ok 1000']);
  });

  it('is not asked a second time because it was unmounted and came back', async () => {
    const { answers, round, roots } = rig();
    await round(0);
    roots.write({ 'proc/self/mountinfo': mountinfo.split('\n')[0]! });
    expect(await round(10_000)).toEqual(['/ ok 1000']);
    roots.write({ 'proc/self/mountinfo': mountinfo });
    expect(await round(20_000)).toEqual(['/ ok 1000', '/nas hung 0']);
    expect(answers).toHaveLength(1);
  });

  it('never takes more than sixteen processes', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `2 1 0:${i} / /nas${i} rw - nfs4 nas:/${i} rw`);
    const { answers, round, roots } = rig();
    roots.write({ 'proc/self/mountinfo': many.join('\n') });
    for (const time of [0, 60_000, 120_000]) await round(time);
    expect(answers).toHaveLength(16);
  });
});

// A FUSE filesystem whose program never says a word: the real thing, which only root can make.
describe.runIf(process.getuid?.() === 0)('a real mount that hangs', () => {
  const server = `
import ctypes, os, sys, time
fd = os.open('/dev/fuse', os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
data = f'fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other'.encode()
if libc.mount(b'silent', sys.argv[1].encode(), b'fuse.silent', 0, data) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
print('mounted', flush=True)
time.sleep(60)
`;
  let cleanup = async () => {};
  afterEach(() => cleanup());

  it('is told as hung while the event loop and file reading go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-hung-'));
    const program = spawn('python3', ['-c', server, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanup = async () => {
      // With its program gone the kernel answers for it.
      program.kill('SIGKILL');
      if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
      await once(spawn('umount', ['-l', folder], { stdio: 'ignore' }), 'exit');
      rmSync(folder, { recursive: true });
    };
    await once(program.stdout!, 'data');
    const collector = new FilesystemCollector();
    const roots = { proc: '/proc', sys: '/sys' };
    const look = (now_ms: number) =>
      ask(collector, roots, now_ms).filesystems!.find(({ mount }) => mount === folder);
    expect(look(0)).toBeUndefined();
    // Time enough for whoever answers.
    await setTimeout(1_000);
    expect(await readFile('/proc/self/stat', 'utf8')).toContain(String(process.pid));
    expect(look(6_000)).toMatchObject({ type: 'fuse.silent', hung: true });
    expect(await statfsByChild(folder, 300)).toBe('no answer');
    program.kill('SIGKILL');
    await once(program, 'exit');
    let now_ms = 40_000;
    await vi.waitFor(
      () => {
        now_ms += 40_000;
        expect(look(now_ms)).toBeUndefined();
      },
      { timeout: 10_000, interval: 300 },
    );
  }, 30_000);
});
