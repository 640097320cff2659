import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clock } from '../../src/lib/time/time.js';
import { helperCommand } from '../../src/outputs/helpers/helper-command.js';
import { ended } from '../outputs/desktop/user.js';
import { until } from './until.js';

/** SIGUSR1 makes Node.js listen on a port, where whoever connects runs code as that process. */

const VIGIL = resolve('bin/vigil');
const HELPER = resolve('dist/outputs/desktop/helper.js');
let dir: string;
let daemon: ChildProcess;

const socket = () => join(dir, 'run', 'vigil.sock');
const vigil = (...args: string[]) => spawnSync(VIGIL, [...args, '--runtime-dir', join(dir, 'run')]);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-inspector-'));
  writeFileSync(join(dir, 'config.toml'), '[sensor]\ntier = "procfs"\n');
  const places = ['--runtime-dir', join(dir, 'run'), '--state-dir', join(dir, 'state')];
  daemon = start([VIGIL, 'daemon', '--config', join(dir, 'config.toml'), ...places]);
}, 120_000);

afterAll(async () => {
  await ended(daemon, 10_000);
  rmSync(dir, { recursive: true, force: true });
});

/** As with a parent that ignores the signal: nothing but Node.js itself could let it through from the first moment on. */
function start(command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn('/bin/sh', ['-c', `trap '' USR1; exec "$@"`, 'sh', ...command], {
    env: { PATH: process.env.PATH, HOME: dir, XDG_RUNTIME_DIR: dir, ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** Sends the signal again and again until `done`, and so for a while after that; answers all that it listened on. */
async function listensOn(child: ChildProcess, done: () => boolean): Promise<string[]> {
  const seen = new Set<string>();
  let after = 0;
  await until('it to be there', () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    // The shell that it starts from may not be so far yet.
    if (isNode(child.pid!)) process.kill(child.pid!, 'SIGUSR1');
    for (const address of listening(child.pid!)) seen.add(address);
    return done() && ++after > 20;
  });
  return [...seen];
}

function isNode(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === process.execPath;
  } catch {
    return false;
  }
}

/** Local addresses of the TCP sockets that a process listens on. */
function listening(pid: number): string[] {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlink(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
    return ['tcp', 'tcp6'].flatMap(file =>
      readFileSync(`/proc/${pid}/net/${file}`, 'utf8')
        .split('\n')
        .map(line => line.trim().split(/\s+/))
        .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
        .map(([, address]) => address!),
    );
  } catch {
    return [];
  }
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

it('the daemon never listens, and lives on', async () => {
  expect(await listensOn(daemon, () => existsSync(socket()))).toEqual([]);
  expect(vigil('health').status).not.toBe(2);
}, 120_000);

it.each([[['events', '--follow']], [['bar', 'waybar', '--follow']], [['tray']]])(
  'nor does vigil %j',
  async args => {
    await until('the daemon', () => existsSync(socket()));
    const child = start([VIGIL, ...args, '--runtime-dir', join(dir, 'run')]);
    try {
      let turns = 0;
      // `tray` ends soon where there is no desktop.
      const done = () => ++turns > 10;
      expect(await listensOn(child, done).catch(() => [])).toEqual([]);
      if (args[0] !== 'tray') expect(child.exitCode).toBeNull();
    } finally {
      await ended(child);
    }
  },
  120_000,
);

it('nor one whose environment asks for it', async () => {
  const child = start([VIGIL, 'events', '--follow', '--runtime-dir', join(dir, 'run')], {
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  });
  try {
    let turns = 0;
    expect(await listensOn(child, () => ++turns > 10)).toEqual([]);
  } finally {
    await ended(child);
  }
}, 120_000);

it('nor does a helper', async () => {
  const uid = process.geteuid!();
  const place = {
    euid: uid,
    node: process.execPath,
    script: HELPER,
    runtimeBase: dir,
    boot_ms: clock.boot_ms,
    env: { XDG_RUNTIME_DIR: dir },
  };
  const user = { uid, gid: process.getegid!(), name: 'x', home: dir };
  const { file, args } = helperCommand(user, place, null)!;
  const child = start([file, ...args]);
  let told = false;
  try {
    child.stdin!.write('{"type":"ping"}\n', () => {
      told = true;
    });
    expect(await listensOn(child, () => told)).toEqual([]);
  } finally {
    await ended(child);
  }
}, 120_000);
