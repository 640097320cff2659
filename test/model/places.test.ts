import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureOwnDir } from '../../src/lib/files/own-folder.js';
import { clientRuntimeDirs, defaultPlaces } from '../../src/model/places.js';

const dir = mkdtempSync(join(tmpdir(), 'vigil-paths-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('places', () => {
  it('of root', () => {
    expect(defaultPlaces(0, { XDG_RUNTIME_DIR: '/run/user/0', HOME: '/root' })).toEqual({
      config: '/etc/vigil/config.toml',
      runtimeDir: '/run/vigil',
      stateDir: '/var/lib/vigil',
    });
  });

  it.each<[Record<string, string>, string, string, string]>([
    [{ HOME: '/home/u' }, '/home/u/.config/vigil/config.toml', '/tmp/vigil-7', '/home/u/.local/state/vigil'],
    [
      { HOME: '/home/u', XDG_CONFIG_HOME: '/c', XDG_RUNTIME_DIR: '/r', XDG_STATE_HOME: '/s' },
      '/c/vigil/config.toml',
      '/r/vigil',
      '/s/vigil',
    ],
    [
      { HOME: '/home/u', XDG_CONFIG_HOME: 'relative', XDG_RUNTIME_DIR: '', XDG_STATE_HOME: './x' },
      '/home/u/.config/vigil/config.toml',
      '/tmp/vigil-7',
      '/home/u/.local/state/vigil',
    ],
  ])('of a user with %j', (env, config, runtimeDir, stateDir) => {
    expect(defaultPlaces(7, env)).toEqual({ config, runtimeDir, stateDir });
  });

  it.each<[string | undefined, Record<string, string>, string[]]>([
    ['/x', { VIGIL_RUNTIME_DIR: '/y' }, ['/x']],
    [undefined, { VIGIL_RUNTIME_DIR: '/y' }, ['/y']],
    [undefined, { XDG_RUNTIME_DIR: '/r' }, ['/run/vigil', '/r/vigil']],
    [undefined, { VIGIL_RUNTIME_DIR: '' }, ['/run/vigil', '/tmp/vigil-7']],
  ])('of a client with --runtime-dir %s and %j', (explicit, env, dirs) => {
    expect(clientRuntimeDirs(explicit, 7, env)).toEqual(dirs);
  });

  it('of a client that is root: one', () => {
    expect(clientRuntimeDirs(undefined, 0, { XDG_RUNTIME_DIR: '/run' })).toEqual(['/run/vigil']);
  });
});

describe('ensureOwnDir', () => {
  it('makes it with the mode asked for, whatever the umask', () => {
    const path = join(dir, 'new');
    ensureOwnDir(path, 0o755);
    expect(statSync(path).mode & 0o777).toBe(0o755);
    ensureOwnDir(path, 0o755);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['writable by others', p => mkdirSync(p) ?? chmodSync(p, 0o777), /others may write into .* chmod go-w/],
    ['a link', p => symlinkSync(dir, p), /is not a folder \(links are not followed\)/],
    ['below a file', p => symlinkSync('/etc/passwd/x', p), /cannot make the folder|not a folder/],
  ])('refuses one that is %s', (name, make, message) => {
    const path = join(dir, name.replaceAll(' ', '-'));
    make(path);
    expect(() => ensureOwnDir(path)).toThrow(message);
  });

  it.skipIf(process.getuid!() !== 0)('refuses one that belongs to somebody else', () => {
    process.seteuid!(65534);
    try {
      expect(() => ensureOwnDir('/usr')).toThrow(/belongs to uid 0, not to uid 65534/);
    } finally {
      process.seteuid!(0);
    }
  });
});
