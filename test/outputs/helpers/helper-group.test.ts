import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Message, sessionBus } from '@jellybrick/dbus-next';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../../src/lib/log/logger.js';
import { HelperChild } from '../../../src/outputs/helpers/helper-child.js';
import { HelperGroups, MAX_MEMORY_BYTES, MAX_TASKS } from '../../../src/outputs/helpers/helper-group.js';
import { until } from '../../daemon/until.js';
import { CAN_BE_USERS, ended, hasProgram } from '../desktop/user.js';

/** A helper is in a control group of its own before it runs a line of its user's. */

const UID = 4_123_456;
let dir: string;
let children: ChildProcess[];
let log: string[];
const logger = () => createLogger({ level: 'info', format: 'json', write: text => void log.push(text) });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-group-'));
  children = [];
  log = [];
});
afterEach(async () => {
  for (const child of children) await ended(child);
  rmSync(dir, { recursive: true });
});

function run(...command: string[]): ChildProcess {
  const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
  children.push(child);
  return child;
}

it.runIf(CAN_BE_USERS)('by hand where there is no systemd', async () => {
  const groups = new HelperGroups(logger(), { systemd: join(dir, 'none'), bus: null, proc: '/proc' });
  const child = run('sleep', '100');
  await groups.confine(UID, child.pid!);
  expect(log).toEqual([]);
  const own = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8').split('\n');
  expect(own.filter(line => line.endsWith(`/vigil-helpers/${UID}`)).length).toBeGreaterThan(0);
  await ended(child);
  groups.release(UID);
  expect(existsSync(`/sys/fs/cgroup/pids/vigil-helpers/${UID}`)).toBe(false);
});

it('what is missing is said once, and hinders nobody', async () => {
  mkdirSync(join(dir, 'systemd'));
  const bus = `unix:path=${dir}/none`;
  const groups = new HelperGroups(logger(), { systemd: join(dir, 'systemd'), bus, proc: '/proc' });
  for (let i = 0; i < 3; i++) await groups.confine(UID, process.pid);
  expect(log).toHaveLength(1);
  expect(log[0]).toContain('no control group of its own');
});

it.runIf(hasProgram('dbus-daemon') && hasProgram('busctl'))(
  'as a scope in its user’s slice where there is, before it begins',
  async () => {
    mkdirSync(join(dir, 'systemd'));
    const address = `unix:path=${dir}/bus`;
    run('dbus-daemon', '--session', '--nofork', '--nosyslog', `--address=${address}`);
    await until('the bus', () => existsSync(join(dir, 'bus')));
    const systemd = sessionBus({ busAddress: address });
    const calls: { body: unknown[]; begun: boolean }[] = [];
    systemd.addMethodHandler((message: Message) => {
      if (message.member !== 'StartTransientUnit') return false;
      calls.push({ body: message.body, begun: existsSync(join(dir, 'begun')) });
      systemd.send(Message.newMethodReturn(message, 'o', ['/job/1']));
      return true;
    });
    await systemd.requestName('org.freedesktop.systemd1', 0);

    const groups = new HelperGroups(logger(), { systemd: join(dir, 'systemd'), bus: address, proc: '/proc' });
    const script = `require('fs').writeFileSync(${JSON.stringify(join(dir, 'begun'))}, '');
      process.stdin.resume().on('end', () => process.exit());`;
    const helper = new HelperChild({
      uid: UID,
      command: {
        file: process.execPath,
        args: ['-e', script],
        env: {},
        confine: pid => groups.confine(UID, pid),
      },
      logger: logger(),
      greeting: () => [],
      receive: () => {},
    });
    helper.start();
    const { pid } = helper;
    try {
      await until('it to begin', () => existsSync(join(dir, 'begun')));
      expect(calls).toHaveLength(1);
      const { body, begun } = calls[0]!;
      expect(begun).toBe(false);
      expect(body[0]).toBe(`vigil-helper-${UID}-${pid}.scope`);
      const properties = Object.fromEntries(
        (body[2] as [string, { value: unknown }][]).map(([name, { value }]) => [name, value]),
      );
      expect(properties).toMatchObject({
        Slice: `user-${UID}.slice`,
        PIDs: [pid],
        MemoryMax: BigInt(MAX_MEMORY_BYTES),
        TasksMax: BigInt(MAX_TASKS),
      });
      expect(log).toEqual([]);
    } finally {
      await helper.stop();
      systemd.disconnect();
    }
  },
  60_000,
);
