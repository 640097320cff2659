import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/lib/log/logger.js';
import { AlertLogFile } from '../../../src/outputs/channels/log-file.js';
import { PLANTED } from '../../diagnosis/secrets.js';
import { change } from './changes.js';

let dir: string;
let path: string;
let lines: string[];
let file: AlertLogFile;

const logged = () => lines.join('');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-log-'));
  path = join(dir, 'alerts.jsonl');
  lines = [];
  file = make(path);
});
afterEach(async () => {
  await file.stop();
  rmSync(dir, { recursive: true });
});

function make(at: string): AlertLogFile {
  const log = createLogger({ level: 'trace', format: 'json', write: text => lines.push(text) });
  return new AlertLogFile(at, 'warning', log);
}

const ids = (at = path) =>
  readFileSync(at, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line).alert.id);

describe('the log file of alerts', () => {
  it('has a line of JSON for each change that matters', () => {
    file.send(change({ id: 1, title: 'two\nlines' }));
    file.send(change({ id: 2, severity: 'info' }));
    file.send(change({ id: 1 }, 'alert_resolved'));
    expect(ids()).toEqual([1, 1]);
    const [first] = readFileSync(path, 'utf8')
      .split('\n')
      .map(line => line && JSON.parse(line));
    expect(first).toMatchObject({
      type: 'alert_opened',
      time: '2026-11-20T12:00:00.000Z',
      alert: { title: 'two\nlines' },
    });
    expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
    expect(file.health()).toMatchObject({ sent: 2, failed: 0, trouble: null });
  });

  it('holds no secret', () => {
    for (const { text } of PLANTED) file.send(change({ text }));
    const all = readFileSync(path, 'utf8');
    for (const { secret } of PLANTED) expect(all).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it('goes on in a new file after a rotation, and after the file was truncated', () => {
    file.send(change({ id: 1 }));
    renameSync(path, `${path}.1`);
    file.send(change({ id: 2 }));
    expect(ids(`${path}.1`)).toEqual([1]);
    expect(ids()).toEqual([2]);
    renameSync(path, `${path}.2`);
    writeFileSync(path, '', { mode: 0o600 });
    file.send(change({ id: 5 }));
    expect(ids(`${path}.2`)).toEqual([2]);
    expect(ids()).toEqual([5]);
    writeFileSync(path, '');
    file.send(change({ id: 3 }));
    expect(ids()).toEqual([3]);
    rmSync(path);
    file.send(change({ id: 4 }));
    expect(ids()).toEqual([4]);
  });

  it('on a disk that was full no line is glued to half of another', async () => {
    const disk = join(dir, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=0700', 'tmpfs', disk]);
    const at = join(disk, 'alerts.jsonl');
    const full = make(at);
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(8192));
      for (let id = 1; id <= 20; id++) full.send(change({ id }));
      expect(full.health().failed).toBeGreaterThan(2);
      expect(full.health().trouble).toMatch(/full/);
      rmSync(join(disk, 'filler'));
      full.send(change({ id: 21 }));
      full.send(change({ id: 22 }));
      expect(full.health().trouble).toBeNull();
      const lines = readFileSync(at, 'utf8').trimEnd().split('\n');
      const whole = lines.slice(-2).map(line => JSON.parse(line).alert.id);
      // Before them only whole ones, but for the one on which the disk was full.
      expect(lines.slice(0, -3).map(line => JSON.parse(line).alert.id)).toEqual(
        lines.slice(0, -3).map((_, i) => i + 1),
      );
      expect(whole).toEqual([21, 22]);
    } finally {
      await full.stop();
      execFileSync('umount', [disk]);
    }
  });

  it('one change that no line can be made of is counted, and not thrown at who tells of it', () => {
    const broken = change({ id: 1 });
    (broken.alert as { subject: unknown }).subject = null;
    file.send(broken);
    file.send(change({ id: 2 }));
    expect(ids()).toEqual([2]);
    expect(file.health()).toMatchObject({ sent: 1, failed: 1, trouble: null });
  });

  it('keeps the mode of a file that was there', () => {
    writeFileSync(path, '', { mode: 0o600 });
    file.send(change());
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each<[string, () => void, RegExp]>([
    ['a link', () => symlinkSync(join(dir, 'elsewhere'), path), /symbolic link/],
    ['a FIFO without a reader', () => execFileSync('mkfifo', [path]), /not a regular file/],
    ['a folder', () => mkdirSync(path), /not a regular file/],
    [
      'a second name of another file',
      () => {
        writeFileSync(join(dir, 'elsewhere'), 'precious');
        linkSync(join(dir, 'elsewhere'), path);
      },
      /hard link/,
    ],
    [
      'a file that anyone may write',
      () => {
        writeFileSync(path, '');
        chmodSync(path, 0o666);
      },
      /anyone may write it/,
    ],
    ['in a folder that anyone may write', () => chmodSync(dir, 0o777), /anyone may write into/],
  ])('refuses %s and touches nothing', (_, prepare, words) => {
    prepare();
    file.send(change());
    file.send(change());
    expect(file.health()).toMatchObject({ sent: 0, failed: 2, trouble: expect.stringMatching(words) });
    expect(logged().match(/cannot be written/g)).toHaveLength(1);
    const elsewhere = join(dir, 'elsewhere');
    expect(existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8') : 'precious').toBe('precious');
  });

  it('refuses a way that somebody else could lead elsewhere', () => {
    const open = join(dir, 'open');
    mkdirSync(join(open, 'in'), { recursive: true });
    chmodSync(open, 0o777);
    file = make(join(open, 'in', 'alerts.jsonl'));
    file.send(change());
    expect(file.health().trouble).toContain(`anyone may write into ${open}`);
    symlinkSync(join(open, 'in'), join(dir, 'link'));
    file = make(join(dir, 'link', 'alerts.jsonl'));
    file.send(change());
    expect(file.health().trouble).toContain('anyone may write into');
  });

  it.skipIf(process.getuid!() !== 0)('refuses the link of somebody else, wherever it leads now', () => {
    mkdirSync(join(dir, 'real'));
    chmodSync(dir, 0o1777);
    symlinkSync(join(dir, 'real'), join(dir, 'link'));
    lchownSync(join(dir, 'link'), 4242, 4242);
    file = make(join(dir, 'link', 'alerts.jsonl'));
    file.send(change());
    expect(file.health().trouble).toContain('belongs to uid 4242');
    expect(existsSync(join(dir, 'real', 'alerts.jsonl'))).toBe(false);
  });

  it('says that the folder is missing, and writes once it is there', () => {
    file = make(join(dir, 'new', 'alerts.jsonl'));
    file.send(change({ id: 1 }));
    expect(file.health().trouble).toContain('make it');
    mkdirSync(join(dir, 'new'));
    file.send(change({ id: 2 }));
    expect(ids(join(dir, 'new', 'alerts.jsonl'))).toEqual([2]);
    expect(file.health().trouble).toBeNull();
    expect(logged()).toContain('written to log_file.path again');
  });
});
