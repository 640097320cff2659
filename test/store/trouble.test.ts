import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/lib/log/logger.js';
import { EngineError } from '../../src/store/engine/error.js';
import { DirectRunner } from '../../src/store/runner.js';
import { Store } from '../../src/store/store.js';
import { alert, MB, machine, START_MS, process as sample } from './machine.js';
import { Rig } from './rig.js';
import { transition } from './transition.js';

/** What a disk, another program or a person can do to the database, done. */

const asRoot = process.geteuid!() === 0;
const mounts: string[] = [];
afterEach(() => {
  for (const mount of mounts.splice(0)) {
    execFileSync('umount', ['-l', mount]);
    rmSync(mount, { recursive: true });
  }
});

function smallDisk(): string {
  const mount = mkdtempSync(join(tmpdir(), 'vigil-small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'vigil-test', mount]);
  mounts.push(mount);
  return mount;
}

const ACTION = {
  id: 1,
  time_ms: START_MS,
  mode: 'ask',
  requested_by: 'uid 0',
  alert_id: null,
  what: 'kill_process',
  targets: [],
  argv: null,
  evidence: null,
  before: null,
  after: null,
  result: null,
};

/** A database with some hours in it, closed. */
async function filled(rig: Rig): Promise<void> {
  const store = await rig.open();
  for (let tick = 0; tick < 300; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
  store.addToWhitelist({ pattern: 'node', match_type: 'name', reason: null });
  await store.stop();
}

const aside = (rig: Rig) => readdirSync(rig.directory).filter(name => name.startsWith('vigil.db.corrupt-'));

function scribble(path: string, at: number, bytes = 4096): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  closeSync(fd);
}

describe('a damaged database', () => {
  it.each<[string, (path: string) => void]>([
    ['is garbage from the first byte', path => scribble(path, 0)],
    ['is cut off', path => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['has a page that is none', path => scribble(path, 4096 * 12)],
    ['is a text', path => writeFileSync(path, 'hello\n'.repeat(200))],
  ])('that %s is moved aside and a new one begins', async (_what, damage) => {
    const rig = new Rig();
    await filled(rig);
    damage(rig.path);
    const damaged = readFileSync(rig.path);
    const store = await rig.open();
    const moved = aside(rig).filter(name => !/-(wal|shm)$/.test(name));
    expect(moved).toEqual(['vigil.db.corrupt-20260105T000000.000Z']);
    expect(readFileSync(join(rig.directory, moved[0]!)).equals(damaged)).toBe(true);
    expect(store.health()).toMatchObject({ problem: null, moved_aside: join(rig.directory, moved[0]!) });
    expect(rig.log.join('')).toContain('the history was damaged');
    store.addSnapshot(machine(START_MS, 0));
    expect(await store.flush()).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
  });

  it('is found while it is used: what waits goes into the new one, and so does the whitelist', async () => {
    const rig = new Rig();
    await filled(rig);
    const store = await rig.open();
    // Another program's write makes SQLite read the pages again.
    const db = new Sqlite(rig.path);
    db.exec(`INSERT INTO counters VALUES ('x', 1); PRAGMA wal_checkpoint(TRUNCATE)`);
    db.close();
    for (let page = 3; page < 40; page++) scribble(rig.path, 4096 * page);
    for (let tick = 300; tick < 310; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
    store.putAlert(alert(1));
    await store.flush();
    // Deleting reads every old page.
    rig.now_ms += 400 * 3_600_000;
    await store.maintain();
    store.putAlert(alert(2));
    expect(await store.flush()).toBe(true);
    expect(aside(rig).length).toBeGreaterThan(0);
    expect(store.health().problem).toBeNull();
    expect(rig.read<{ id: number }>('SELECT id FROM alerts').map(({ id }) => id)).toContain(2);
    expect(rig.read('SELECT pattern FROM whitelist')).toEqual([{ pattern: 'node' }]);
    expect(rig.read('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it.runIf(asRoot)('that cannot be moved stays, and that is said once', async () => {
    const rig = new Rig(smallDisk());
    writeFileSync(rig.path, 'hello\n'.repeat(200), { mode: 0o600 });
    execFileSync('mount', ['-o', 'remount,ro', rig.directory]);
    const store = await rig.open();
    for (let i = 0; i < 3; i++) {
      rig.now_ms += 11_000;
      expect(await store.flush()).toBe(false);
    }
    expect(store.health().problem).toMatch(/not a database; no new history can begin: .* may not be written/);
    expect(rig.log).toHaveLength(1);
    execFileSync('mount', ['-o', 'remount,rw', rig.directory]);
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(aside(rig)).toHaveLength(1);
    await store.stop();
  });

  it('is not the fourth that is kept', async () => {
    const rig = new Rig();
    for (let i = 0; i < 5; i++) {
      writeFileSync(rig.path, 'hello\n'.repeat(200), { mode: 0o600 });
      rig.now_ms += 1000;
      await (await rig.open()).stop();
    }
    expect(aside(rig)).toEqual([3, 4, 5].map(s => `vigil.db.corrupt-20260105T00000${s}.000Z`));
  });
});

describe.runIf(asRoot)('a full disk', () => {
  it('is said, keeps rows in memory, and is forgotten when there is room again', async () => {
    const rig = new Rig(smallDisk());
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    expect(await store.flush()).toBe(true);
    const filler = join(rig.directory, 'filler');
    fill(filler);
    for (let tick = 1; tick <= 400; tick++) store.addSnapshot(machine(START_MS + tick * 10_000, tick));
    store.putAlert(alert(store.nextAlertId()));
    expect(await store.flush()).toBe(false);
    expect(store.health()).toMatchObject({
      state: 'memory',
      problem: expect.stringContaining('disk is full'),
    });
    expect(store.health().queued).toBeGreaterThan(100);
    // It stays full for a while: said once.
    for (let i = 0; i < 5; i++) {
      rig.now_ms += 11_000;
      expect(await store.flush()).toBe(false);
    }
    expect(rig.log.filter(line => line.includes('kept in memory'))).toHaveLength(1);
    unlinkSync(filler);
    expect(await store.flush()).toBe(false);
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(store.health()).toMatchObject({ state: 'written', problem: null, queued: 0, lost: 0 });
    expect(rig.log.join('')).toContain('written again');
    expect(rig.count('host_samples')).toBe(401);
    expect(rig.count('alerts')).toBe(1);
    await store.stop();
  });

  it('at the start is no reason to give up', async () => {
    const rig = new Rig(smallDisk());
    const filler = join(rig.directory, 'filler');
    fill(filler);
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    expect(store.health().problem).toContain('disk is full');
    expect(await store.writeAction(anAction(store.nextActionId()))).toBe(false);
    unlinkSync(filler);
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
    expect(rig.count('actions')).toBe(1);
    await store.stop();
  });

  it('that becomes read-only is said, and what waited is written later', async () => {
    const rig = new Rig(smallDisk());
    const store = await rig.open();
    await store.stop();
    execFileSync('mount', ['-o', 'remount,ro', rig.directory]);
    const second = await rig.open();
    second.addSnapshot(machine(START_MS, 0));
    expect(await second.flush()).toBe(false);
    expect(second.health()).toMatchObject({ state: 'memory', queued: 1 });
    expect(second.health().problem).toContain(rig.path);
    expect(await second.query('baselines')).toBeNull();
    execFileSync('mount', ['-o', 'remount,rw', rig.directory]);
    rig.now_ms += 11_000;
    expect(await second.flush()).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
    await second.stop();
  });
});

describe('memory', () => {
  it('is bounded: the oldest samples go, alerts stay, and the loss is counted', async () => {
    const rig = new Rig();
    mkdirSync(rig.path);
    const store = await rig.open();
    store.putAlert(alert(1));
    for (let tick = 0; tick < 900; tick++) {
      store.addSnapshot(machine(START_MS + tick * 10_000, tick, { processes: 30 }));
    }
    expect(store.health()).toMatchObject({ queued: 721, lost: 180 });
    rmSync(rig.path, { recursive: true });
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(rig.count('alerts')).toBe(1);
    expect(rig.read('SELECT min(time_ms) AS t FROM host_samples')).toEqual([{ t: START_MS + 1_800_000 }]);
  });
});

describe('memory, for rows that are large', () => {
  it('is bounded in bytes, and what vigil did stays longest', async () => {
    const rig = new Rig();
    mkdirSync(rig.path);
    const store = await rig.open();
    const acted = { ...ACTION, evidence: 'first' };
    void store.writeAction(acted);
    const processes = Array.from({ length: 80 }, (_, i) => sample(i, { cmdline: '\u4e16'.repeat(4_000) }));
    for (let id = 1; id <= 1_000; id++) {
      const large = alert(id);
      // Of many users: one alone may not have so many in an hour.
      const subject = { ...large.subject, uid: 1_000 + (id % 10), processes };
      store.putAlert({ ...large, text: 'x'.repeat(9_000), subject });
    }
    const { queued, lost } = store.health();
    expect(queued + lost).toBe(1_001);
    expect(lost).toBeGreaterThan(0);
    expect(queued).toBeGreaterThan(100);
    rmSync(rig.path, { recursive: true });
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(rig.read('SELECT evidence FROM actions')).toEqual([{ evidence: '"first"' }]);
    expect(rig.read('SELECT max(id) AS id FROM alerts')).toEqual([{ id: 1_000 }]);
  });
});

describe('a row that ends the thread', () => {
  it('is found by itself and given up; what came with it is written', async () => {
    const rig = new Rig();
    const engine = { directory: rig.directory, retention_ms: 7e8, max_bytes: 64 * MB, boot_id: 'a boot' };
    let crashes = 0;
    const runner = new (class extends DirectRunner {
      override async apply(...[operations, durably]: Parameters<DirectRunner['apply']>): Promise<void> {
        if (operations.some(one => one.type === 'alert' && one.alert.id === 3)) {
          crashes++;
          await this.close();
          throw new EngineError('crashed', 'out of memory');
        }
        await super.apply(operations, durably);
      }
    })(engine);
    const times = { snapshot_interval_ms: 10_000, flush_ms: 2 ** 30, maintain_ms: 2 ** 30, retry_ms: 1_000 };
    const store = new Store(runner, silentLogger(), () => rig.now_ms, times, 64 * MB, rig.directory);
    await store.start();
    for (let id = 1; id <= 5; id++) store.putAlert(alert(id));
    for (let again = 0; again < 5; again++) {
      await store.flush();
      rig.now_ms += 2_000;
    }
    expect(rig.read('SELECT id FROM alerts ORDER BY id')).toEqual([1, 2, 4, 5].map(id => ({ id })));
    expect(crashes).toBeLessThan(5);
    expect(store.health()).toMatchObject({ state: 'written', queued: 0, lost: 1 });
    await store.stop();
  });
});

describe('a file that is not ours to use', () => {
  const refused = async (rig: Rig, why: RegExp) => {
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    expect(await store.flush()).toBe(false);
    expect(store.health().problem).toMatch(why);
    expect(aside(rig)).toEqual([]);
    await store.stop();
  };

  it('is a link', async () => {
    const rig = new Rig();
    const other = new Rig();
    const target = join(other.directory, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, rig.path);
    await refused(rig, /vigil\.db is not a regular file \(links are not followed\)/);
    expect(readFileSync(target, 'utf8')).toBe('precious');
    unlinkSync(rig.path);
    linkSync(target, rig.path);
    await refused(rig, /has a second name/);
    unlinkSync(rig.path);
    symlinkSync(target, `${rig.path}-wal`);
    await refused(rig, /vigil\.db-wal is not a regular file/);
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  it('is in a folder that others may write, or is somebody else’s', async () => {
    const rig = new Rig();
    chmodSync(rig.directory, 0o777);
    await refused(rig, /others may write into .*chmod go-w/);
    chmodSync(rig.directory, 0o700);
    if (!asRoot) return;
    writeFileSync(rig.path, '');
    execFileSync('chown', ['65534', rig.path]);
    await refused(rig, /belongs to uid 65534/);
    unlinkSync(rig.path);
    execFileSync('chown', ['65534', rig.directory]);
    await refused(rig, /belongs to uid 65534/);
  });

  it('was written by a newer vigil, or by another program', async () => {
    const rig = new Rig();
    await filled(rig);
    const change = (sql: string) => {
      const db = new Sqlite(rig.path);
      db.exec(sql);
      db.close();
    };
    change('PRAGMA user_version = 99');
    const before = readFileSync(rig.path);
    await refused(rig, /was written by a newer vigil \(version 99 .*move the file away/);
    expect(readFileSync(rig.path).equals(before)).toBe(true);
    change('PRAGMA user_version = 1; PRAGMA application_id = 7');
    await refused(rig, /is the database of another program/);
  });

  it('is used again as soon as a person made it right', async () => {
    const rig = new Rig();
    symlinkSync('/nowhere', rig.path);
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    unlinkSync(rig.path);
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
  });
});

describe('a file that vanishes', () => {
  it('is noticed, and a new one is made', async () => {
    const rig = new Rig();
    const store = await rig.open();
    store.addSnapshot(machine(START_MS, 0));
    await store.flush();
    for (const suffix of ['', '-wal', '-shm']) rmSync(rig.path + suffix, { force: true });
    store.addSnapshot(machine(START_MS + 10_000, 1));
    await store.flush();
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(existsSync(rig.path)).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
    expect(lstatSync(rig.path).mode & 0o777).toBe(0o600);
  });
});

describe('another program that holds the lock', () => {
  it('delays the writing, and costs nothing', async () => {
    const rig = new Rig();
    const store = await rig.open();
    const db = new Sqlite(rig.path);
    db.exec('BEGIN IMMEDIATE');
    store.addSnapshot(machine(START_MS, 0));
    expect(await store.flush()).toBe(false);
    expect(store.health().problem).toContain('locked by another program');
    db.exec('ROLLBACK');
    db.close();
    rig.now_ms += 11_000;
    expect(await store.flush()).toBe(true);
    expect(rig.count('host_samples')).toBe(1);
  });
});

describe('a row that is at fault', () => {
  it('is dropped alone, and said', async () => {
    const rig = new Rig();
    const store = await rig.open();
    store.addTransition(transition(START_MS, 'WORKING'));
    for (let id = 1; id <= 5; id++) {
      // biome-ignore lint/suspicious/noExplicitAny: a mistake of the caller
      store.putAlert(alert(id, id === 3 ? { rule: null as any } : {}));
    }
    expect(await store.flush()).toBe(true);
    expect(rig.read<{ id: number }>('SELECT id FROM alerts').map(({ id }) => id)).toEqual([1, 2, 4, 5]);
    expect(rig.count('transitions')).toBe(1);
    expect(store.health()).toMatchObject({ problem: null, lost: 1 });
    expect(rig.log.join('')).toContain('cannot be written');
  });
});

function fill(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch {
    // full
  } finally {
    closeSync(fd);
  }
}

function anAction(id: number) {
  return {
    id,
    time_ms: START_MS,
    mode: 'ask',
    requested_by: 'uid 0',
    alert_id: null,
    what: 'terminate',
    targets: [],
    argv: null,
    evidence: null,
    before: null,
    after: null,
    result: null,
  };
}
