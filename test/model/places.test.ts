import { describe, expect, it } from 'vitest';
import { clientRuntimeDirs, defaultPlaces } from '../../src/model/places.js';

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
