import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/schema.js';
import { Modules } from '../../../src/daemon/lifecycle/modules.js';
import { ConfigReloader } from '../../../src/daemon/lifecycle/reload.js';
import { createLogger, silentLogger } from '../../../src/lib/log/logger.js';
import { until } from '../until.js';

let dir: string;
let folder: string;
let file: string;
let log: string[];
let applied: Config[];
/** What taking over a configuration comes to. */
let take: (config: Config) => void;
let reloader: ConfigReloader;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-reloader-'));
  folder = join(dir, 'etc');
  file = join(folder, 'config.toml');
  mkdirSync(folder);
  writeFileSync(file, 'log_level = "info"\n');
  log = [];
  applied = [];
  take = () => {};
  const modules = new Modules<Config>({ logger: silentLogger() });
  const configure = (config: Config) => {
    applied.push(config);
    take(config);
  };
  await modules.start([{ name: 'test', configure }], new AbortController().signal);
  reloader = new ConfigReloader({
    file,
    explicit: true,
    config: loadConfig(file).config,
    logger: createLogger({ level: 'info', format: 'json', write: text => void log.push(text) }),
    bus: { emit: () => {} },
    modules,
    debounce_ms: 10,
  });
});
afterEach(() => {
  reloader.stop();
  rmSync(dir, { recursive: true, force: true });
});

const problem = () => reloader.state({ kind: 'all' }).problem;

describe('a configuration that cannot be taken over', () => {
  it('is a problem, and the one before stays in effect, until it is mended', () => {
    reloader.start();
    take = ({ log_level }) => {
      if (log_level === 'debug') throw new TypeError('Invalid URL');
    };
    writeFileSync(file, 'log_level = "debug"\n');
    reloader.tryReload();
    expect(problem()).toContain('the configuration before it stays in effect');
    expect(reloader.health({ kind: 'all' }).problems).toEqual([problem()]);
    // What the file says is for who may read it.
    expect(reloader.health({ kind: 'user', uid: 1000 }).problems.join()).not.toContain(file);
    // Whoever had taken it over already is back at the one before.
    expect(applied.map(({ log_level }) => log_level)).toEqual(['debug', 'info']);
    expect(reloader.configured.log_level).toBe('info');
    expect(log.join('')).toContain('Invalid URL');

    writeFileSync(file, 'log_level = "warn"\n');
    reloader.tryReload();
    expect(problem()).toBeNull();
    expect(reloader.configured.log_level).toBe('warn');
    expect(applied.at(-1)?.log_level).toBe('warn');
  });

  it('is told to who asked for it', () => {
    reloader.start();
    take = () => {
      throw new TypeError('Invalid URL');
    };
    writeFileSync(file, 'log_level = "debug"\n');
    expect(() => reloader.reload()).toThrow('Invalid URL');
  });
});

describe('a file that cannot be looked at', () => {
  const mended = async () => {
    await until(
      'the end of the problem',
      () => problem() === null && reloader.configured.log_level === 'warn',
    );
  };

  it('because it is a link to itself is a problem until it is none', async () => {
    reloader.start();
    unlinkSync(file);
    symlinkSync(file, file);
    await until('the problem', () => problem() !== null);
    expect(log.join('')).toContain('ELOOP');
    unlinkSync(file);
    writeFileSync(file, 'log_level = "warn"\n');
    await mended();
  });

  it('because its folder is none any more is a problem until it is one', async () => {
    reloader.start();
    renameSync(folder, join(dir, 'aside'));
    writeFileSync(folder, '');
    await until('the problem', () => problem() !== null);
    expect(log.join('')).toContain('ENOTDIR');
    rmSync(folder);
    renameSync(join(dir, 'aside'), folder);
    writeFileSync(file, 'log_level = "warn"\n');
    await mended();
  });

  it('when the daemon starts is no reason to end', async () => {
    unlinkSync(file);
    symlinkSync(file, file);
    expect(() => reloader.start()).not.toThrow();
  });
});
