import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const stage = mkdtempSync(join(tmpdir(), 'vigil-install-'));
const at = (path: string) => join(stage, 'opt/x', path);
const install = (what: string, env: Record<string, string> = {}) =>
  spawnSync(join(ROOT, 'scripts/install.sh'), [what], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DESTDIR: stage, PREFIX: '/opt/x', NODE: process.execPath, ...env },
  });

/** All files below `folder`, relative to it. */
function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

describe('make install', () => {
  beforeAll(() => {
    // What `make build` leaves; the sources of now when it was not run.
    if (!existsSync(join(ROOT, 'dist/cli/main.js')))
      execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', 'dist'], {
        cwd: ROOT,
      });
    expect(install('install')).toMatchObject({ status: 0 });
  }, 120_000);
  afterAll(() => rmSync(stage, { recursive: true }));

  it('leaves a program that runs by itself, with its database and its C library', () => {
    const run = (...args: string[]) => spawnSync(at('bin/vigil'), args, { encoding: 'utf8', env: {} });
    expect(run('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run('agents', '--runtime-dir', '/nonexistent').stderr).toContain('no vigil daemon answers');
    const load = `import Database from 'better-sqlite3'; new Database(':memory:').close();
      import koffi from 'koffi'; koffi.load(null).func('int getpid()');
      await import('yargs'), await import('pino'), await import('zod'), await import('execa')`;
    const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', load], {
      cwd: at('lib/vigil'),
      encoding: 'utf8',
    });
    expect(loaded).toMatchObject({ status: 0, stderr: '' });
  });

  it('has everything where a system looks for it, readable by all and writable by none', () => {
    for (const path of [
      'lib/vigil/bpf/lifecycle.bt',
      'lib/sysusers.d/vigil.conf',
      'share/man/man1/vigil.1',
      'share/fish/vendor_completions.d/vigil.fish',
      'share/applications/vigil.desktop',
      'share/vigil/contrib/waybar/vigil.jsonc',
      'share/doc/vigil/README.md',
    ])
      expect(files(stage)).toContain(`opt/x/${path}`);
    expect(readFileSync(at('share/bash-completion/completions/vigil'), 'utf8')).toMatch(
      /^complete .* vigil$/m,
    );
    expect(readFileSync(at('share/zsh/site-functions/_vigil'), 'utf8')).toMatch(/^#compdef vigil\n/);
    for (const file of files(stage)) {
      const { mode } = statSync(join(stage, file));
      expect(`${file} ${(mode & 0o22).toString(8)} ${(mode & 0o444).toString(8)}`).toBe(`${file} 0 444`);
    }
  });

  it('has a unit that starts it there', () => {
    const unit = readFileSync(at('lib/systemd/system/vigil.service'), 'utf8');
    expect(unit).toContain('\nExecStart=/opt/x/bin/vigil daemon\n');
    expect(unit).not.toContain('/usr/bin/vigil');
  });

  it('has no tools of development, nor sources of what was compiled', () => {
    const packages = readdirSync(at('lib/vigil/node_modules'));
    for (const name of ['vitest', 'typescript', '@biomejs']) expect(packages).not.toContain(name);
    expect(existsSync(at('lib/vigil/node_modules/better-sqlite3/deps'))).toBe(false);
  });

  it('can be undone without a trace', () => {
    expect(install('uninstall')).toMatchObject({ status: 0 });
    expect(files(stage)).toEqual([]);
    expect(readdirSync(at('')).sort()).toEqual(['bin', 'lib', 'share']);
  });

  it('refuses a prefix that is no absolute path', () => {
    expect(install('install', { PREFIX: 'x' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('PREFIX must be absolute: x'),
    });
  });
});
