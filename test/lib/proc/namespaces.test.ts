import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nameOf } from '../../../src/lib/proc/container.js';
import {
  foreignPids,
  innermostPid,
  insideUid,
  insideView,
  pathInside,
} from '../../../src/lib/proc/namespaces.js';

const ID = '0123456789abcdef'.repeat(4);

it.each([
  ['NSpid:\t4242\n', 4242],
  ['NSpid:\t4242\t17\t3\nNSpgid:\t1\t2\t9\n', 3],
  ['Name:\tNSpid\n', null],
])('the pid that a process has for itself: %j', (status, pid) => {
  expect(innermostPid(status)).toBe(pid);
});

it('a process that shares all namespaces sees what vigil sees', () => {
  expect(insideView('/proc', process.pid)).toEqual({
    ...{ pid: process.pid, ticks_offset: 0, root: '/', other_mounts: false },
  });
});

it.each([
  ['/srv/jail/home/u', '/srv/jail', '/home/u'],
  ['/srv/jail', '/srv/jail', '/'],
  ['/srv/jailbreak', '/srv/jail', '/srv/jailbreak'],
  ['/home/u', '/', '/home/u'],
])('the path %s below the root %s is %s', (path, root, inside) => {
  expect(pathInside(path, { root })).toBe(inside);
});

it('a uid is called as the user namespace calls it', () => {
  const root = mkdtempSync(join(tmpdir(), 'vigil-maps-'));
  mkdirSync(join(root, '7'));
  writeFileSync(
    join(root, '7/uid_map'),
    '         0       1000          1\n         1     100000      65536\n',
  );
  expect([1000, 100_000, 100_999, 165_536, 0].map(uid => insideUid(root, 7, uid))).toEqual([
    0,
    1,
    1000,
    null,
    null,
  ]);
  rmSync(root, { recursive: true });
});

it.each([
  [`0::/system.slice/docker-${ID}.scope\n`, { HOSTNAME: ID.slice(0, 12) }, '0123456789ab (docker)'],
  [`5:memory:/docker/${ID}\n0::/\n`, { HOSTNAME: 'shop-dev' }, 'shop-dev (docker)'],
  [
    `0::/user.slice/u.service/libpod-${ID}.scope/container\n`,
    { container: 'podman' },
    '0123456789ab (podman)',
  ],
  [
    `0::/user.slice/libpod-${ID}.scope\n`,
    { container: 'podman', CONTAINER_ID: 'fedora-box' },
    'fedora-box (podman)',
  ],
  ['0::/machine.slice/systemd-nspawn@build.service/payload\n', {}, 'build (nspawn)'],
  ['0::/machine.slice/machine-web\\x2done.scope\n', {}, 'web-one (machine)'],
  ['0::/lxc.payload.alpine/init\n', {}, 'alpine (lxc)'],
  [
    '0::/user.slice/app.slice/app-flatpak-com.visualstudio.code-42.scope\n',
    {},
    'com.visualstudio.code (flatpak)',
  ],
  ['0::/user.slice/session-2.scope\n', { HOSTNAME: 'laptop' }, null],
  ['0::/\n', { container: 'evil\u001b[31m\u202e' }, 'evil\\x1b[31m\\u202e'],
])('a container is named: %j %j', (groups, env, name) => {
  expect(nameOf(groups, env)).toBe(name);
});

it.skipIf(process.getuid!() !== 0)('in a pid namespace the kernel’s numbers are known as foreign', () => {
  const module = new URL('../../../dist/lib/proc/namespaces.js', import.meta.url).pathname;
  const script = `import('${module}').then(m => console.log(m.foreignPids('/proc')))`;
  const within = (...options: string[]) =>
    execFileSync('unshare', [...options, process.execPath, '-e', script], { encoding: 'utf8' });
  expect(foreignPids('/proc')).toBeNull();
  expect(within('-m')).toBe('null\n');
  expect(within('-p', '-f', '-m', '--mount-proc')).toMatch(/vigil runs in a pid namespace/);
  // Without a /proc of its own: other numbers than its own stand there.
  expect(within('-p', '-f')).toMatch(/pid namespace/);
});
