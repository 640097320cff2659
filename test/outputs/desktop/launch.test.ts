import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allCommands } from '../../../src/cli/commands/index.js';
import { targetOf } from '../../../src/cli/target.js';
import { NO_INSPECTOR_FLAG } from '../../../src/lib/process/no-inspector.js';
import {
  alertDetails,
  DASHBOARD,
  terminalCommand,
  type VigilView,
} from '../../../src/outputs/desktop/compositors/launch.js';

const COMMANDS = await allCommands();

it('vigil knows the commands that it opens', () => {
  const known = COMMANDS.map(({ usage }) => usage.split(' ')[0]);
  for (const { args } of [DASHBOARD, alertDetails(12)]) expect(known).toContain(args[0]);
  expect(targetOf(alertDetails(12).args[1]!)).toMatchObject({ kind: 'alert', id: 12 });
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-launch-'));
  mkdirSync(join(dir, 'bin'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function program(name: string): void {
  writeFileSync(join(dir, 'bin', name), '');
  chmodSync(join(dir, 'bin', name), 0o755);
}

/** Pid 7 owns a window. */
function running(exe: string): void {
  mkdirSync(join(dir, 'proc/7'), { recursive: true });
  symlinkSync(exe, join(dir, 'proc/7/exe'));
}

const command = (view: VigilView, over: { runtimeDir?: string } = {}) =>
  terminalCommand(view, [7, 8], {
    procRoot: join(dir, 'proc'),
    path: `relative:${dir}/bin`,
    runtimeDir: '/run/vigil',
    node: '/usr/bin/node',
    ...over,
  });

it('a terminal that is installed shows the live view', () => {
  expect(command(DASHBOARD)).toBeNull();
  program('foot');
  const [terminal, ...rest] = command(DASHBOARD)!;
  expect(terminal).toBe(`${dir}/bin/foot`);
  expect(rest).toEqual([
    '/usr/bin/node',
    NO_INSPECTOR_FLAG,
    expect.stringMatching(/\/bin\/vigil$/),
    'watch',
    '--runtime-dir',
    '/run/vigil',
  ]);
});

it('the one that its person uses goes first, and keeps what was printed', () => {
  program('foot');
  running('/opt/kitty/bin/kitty');
  expect(command(alertDetails(12))!.join(' ')).toMatch(
    /^\/opt\/kitty\/bin\/kitty --hold \/usr\/bin\/node \S+ \S+ explain A12 --runtime-dir \/run\/vigil$/,
  );
});

it('one that cannot keep what was printed shows the live view instead', () => {
  running('/usr/bin/wezterm');
  expect(command(alertDetails(12))).toContain('watch');
});

it.each(['/run/a b', '/run/$(reboot)', '/run/a;b', '/run/a,b', '/run/"x', "/run/'x"])(
  'nothing is run when a word could mean something to a compositor: %s',
  runtimeDir => {
    program('foot');
    expect(command(DASHBOARD, { runtimeDir })).toBeNull();
  },
);
