import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectToDaemon } from '../../../src/api/client/index.js';
import { AlreadyRunningError, lockRuntimeDir } from '../../../src/api/socket/lock.js';
import { Rig } from '../rig.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('two daemons on one folder', () => {
  it('the second is told who has it and where', () => {
    const lock = lockRuntimeDir(dir);
    expect(() => lockRuntimeDir(dir)).toThrow(AlreadyRunningError);
    expect(() => lockRuntimeDir(dir)).toThrow(
      `another vigil daemon (pid ${process.pid}) already runs on ${dir}: stop it first, or give this one its own --runtime-dir`,
    );
    lock.release();
    lock.release();
    lockRuntimeDir(dir).release();
  });

  it('nothing is left of one that was killed', async () => {
    const script = `
      const flock = require('koffi').load(null).func('int flock(int, int)');
      flock(require('fs').openSync(process.argv[1], 'w'), 2);
      console.log('held');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['-e', script, join(dir, 'vigil.pid')]);
    await new Promise(resolve => holder.stdout.once('data', resolve));
    expect(() => lockRuntimeDir(dir)).toThrow(AlreadyRunningError);
    holder.kill('SIGKILL');
    await new Promise(resolve => holder.once('close', resolve));
    lockRuntimeDir(dir).release();
  });

  it('its number in the file is that of the living, whatever stood there', () => {
    writeFileSync(join(dir, 'vigil.pid'), '99999999999999999999 and more');
    const lock = lockRuntimeDir(dir);
    expect(readFileSync(join(dir, 'vigil.pid'), 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  it('a daemon that died leaves its socket; the next one replaces it', async () => {
    const rig = new Rig();
    const { createServer } = await import('node:net');
    const dead = createServer().listen(rig.server.socketPath);
    await new Promise(resolve => dead.once('listening', resolve));
    await rig.server.start();
    const client = await connectToDaemon({ runtimeDir: rig.dir });
    await client.call('ping');
    client.close();
    dead.close();
    await rig.stop().catch(() => {});
  });
});

describe('a folder that cannot be trusted', () => {
  it('others may write there', () => {
    chmodSync(dir, 0o777);
    expect(() => lockRuntimeDir(dir)).toThrow(/others may write into/);
  });

  it.each(['/etc/passwd', '/dev/zero'])('the lock file is a link to %s', target => {
    symlinkSync(target, join(dir, 'vigil.pid'));
    expect(() => lockRuntimeDir(dir)).toThrow(/ELOOP/);
    expect(readFileSync('/etc/passwd', 'utf8').length).toBeGreaterThan(10);
  });
});
