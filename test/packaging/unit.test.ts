import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NICE } from '../../src/daemon/lifecycle/priority.js';

/** The unit as systemd itself understands it, without starting it. */

const UNITS = ['vigil.service', 'vigil-gave-up.service'];
const source = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;
const unit = readFileSync(source('share/systemd/vigil.service'), 'utf8');
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
const bytes = (text = '') => Number.parseInt(text, 10) * { M: 2 ** 20, G: 2 ** 30 }[text.slice(-1)]!;

let root: string | null = null;
afterEach(() => {
  if (root !== null) rmSync(root, { recursive: true });
  root = null;
});

/** A folder that looks like a system's, with these drop-ins. */
function system(dropIns: readonly string[] = []): string {
  root = mkdtempSync(join(tmpdir(), 'vigil-unit-'));
  const units = join(root, 'etc/systemd/system');
  mkdirSync(join(units, 'vigil.service.d'), { recursive: true });
  for (const name of UNITS) copyFileSync(source(`share/systemd/${name}`), join(units, name));
  for (const name of dropIns)
    copyFileSync(source(`contrib/systemd/${name}`), join(units, 'vigil.service.d', name));
  return root;
}

interface Check {
  set: boolean;
  json_field: string;
}

function security(dropIns: readonly string[] = []): { checks: Map<string, boolean>; exposure: number } {
  const args = ['security', '--offline=yes', `--root=${system(dropIns)}`, '--no-pager'];
  const run = (more: string[]) =>
    execFileSync('systemd-analyze', [...args, ...more, 'vigil.service'], { encoding: 'utf8' });
  const checks = JSON.parse(run(['--json=short'])) as Check[];
  return {
    checks: new Map(checks.map(({ json_field, set }) => [json_field, set])),
    exposure: Number(/level for vigil\.service: ([\d.]+)/.exec(run([]))?.[1]),
  };
}

describe('the units', () => {
  it('are understood by systemd, every line of them', () => {
    const folder = system();
    const files = UNITS.map(name => join(folder, name));
    // The program of a package that is not installed here.
    for (const [i, name] of UNITS.entries()) {
      const text = readFileSync(source(`share/systemd/${name}`), 'utf8');
      writeFileSync(files[i]!, text.replace('/usr/bin/vigil', '/bin/true'));
    }
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('leave the service no more exposed than it must be', () => {
    expect(security().exposure).toBeLessThanOrEqual(4.1);
  });

  it('can do without network and CAP_SYS_ADMIN by drop-ins, which take nothing else away', () => {
    const before = security().checks;
    const after = security(['no-network.conf', 'no-sys-admin.conf']).checks;
    const changed = [...after].filter(([name, set]) => set !== before.get(name)).map(([name]) => name);
    expect(changed.sort()).toEqual(['CapabilityBoundingSet_CAP_SYS_ADMIN', 'IPAddressDeny']);
  });
});

describe('the limits of the service', () => {
  it('put it before others, and make it end before it hurts them', () => {
    expect(Number(setting('Nice'))).toBe(NICE);
    expect(Number(setting('OOMScoreAdjust'))).toBe(-900);
    expect(Number(setting('CPUWeight'))).toBeGreaterThan(100);
    expect(Number(setting('IOWeight'))).toBeGreaterThan(100);
    expect(bytes(setting('MemoryHigh'))).toBeGreaterThanOrEqual(2 ** 29);
    expect(bytes(setting('MemoryMax'))).toBeGreaterThan(bytes(setting('MemoryHigh')));
    expect(bytes(setting('MemoryMax'))).toBeLessThan(2 * 2 ** 30);
    expect(setting('OOMPolicy')).toBe('continue');
  });

  it('are those of `make run` where systemd runs, too', () => {
    const script = readFileSync(source('scripts/run-daemon.sh'), 'utf8');
    for (const name of ['CPUWeight', 'IOWeight', 'MemoryHigh', 'MemoryMax', 'TasksMax'])
      expect(script).toContain(`-p ${name}=${setting(name)}`);
  });

  it('end in words when it is started no more', () => {
    expect(unit.indexOf('StartLimitBurst=')).toBeLessThan(unit.indexOf('[Service]'));
    expect(setting('OnFailure')).toBe('vigil-gave-up.service');
    const command = execFileSync(
      '/bin/sh',
      [
        '-c',
        /^ExecStart=\/bin\/sh -c '([\s\S]*?)'$/m
          .exec(readFileSync(source('share/systemd/vigil-gave-up.service'), 'utf8'))![1]!
          .replaceAll('\\\n', ''),
      ],
      { encoding: 'utf8', env: { PATH: '/nonexistent' } },
    );
    expect(command).toMatch(
      /^<2>vigil ended ten times within ten minutes .*nobody watches this machine now\. .*systemctl start vigil\n$/,
    );
  });
});
