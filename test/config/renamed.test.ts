import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { changesOf, configReport } from '../../src/api/runaway-guard/config.js';
import { configKeys } from '../../src/config/keys.js';
import { ConfigError, loadConfig, parseConfig } from '../../src/config/load.js';
import { defaultConfig } from '../../src/config/schema.js';
import { ConfigReloader } from '../../src/daemon/lifecycle/reload.js';
import { createLogger } from '../../src/lib/log/logger.js';
import { vigil } from '../cli/io.js';

const dir = mkdtempSync(join(tmpdir(), 'vigil-renamed-'));
const file = join(dir, 'config.toml');
afterAll(() => rmSync(dir, { recursive: true }));

const loaded = (text: string) => {
  writeFileSync(file, text);
  const { config, warnings } = loadConfig(file);
  return {
    value: config.evidence.self_reported,
    warnings: warnings.map(({ line, message }) => [line, message]),
  };
};
const WORDS = '"evidence.words" is called "evidence.self_reported" now: the old name will go';
const run = (line: string[]) => vigil([...line, '--config', file, '--runtime-dir', join(dir, 'run')]);

describe('a key under its former name', () => {
  it('counts, with a warning that has its line', () => {
    expect(loaded('# mine\n[evidence]\nwords = false\n')).toEqual({ value: false, warnings: [[3, WORDS]] });
    expect(loaded('[evidence]\nself_reported = false\n')).toEqual({ value: false, warnings: [] });
  });

  it('is ignored beside the present one', () => {
    const { value, warnings } = loaded('[evidence]\nwords = false\nself_reported = true\n');
    expect(value).toBe(true);
    expect(warnings[0]![1]).toContain('"evidence.words" is ignored');
  });

  it('is told with its line when its value is wrong', () => {
    expect(() => parseConfig('\n[evidence]\nwords = 1', 'c.toml')).toThrow(
      new ConfigError([
        {
          file: 'c.toml',
          line: 3,
          key: 'evidence.self_reported',
          message: '"evidence.self_reported" must be true or false, not 1',
        },
      ]),
    );
  });

  it('is named by vigil config check, get and show', async () => {
    writeFileSync(file, '[evidence]\nwords = false\n');
    expect(await run(['config', 'check'])).toMatchObject({ code: 0, err: `${file}:2: ${WORDS}\n` });
    expect(await run(['config', 'get', 'evidence.words'])).toMatchObject({
      code: 0,
      out: 'false\n',
      err: `vigil: ${WORDS}\n`,
    });
    expect((await run(['config', 'show'])).out).toContain('[evidence]\nself_reported = false\n');
  });

  it('is written as it is called now by vigil config set', async () => {
    writeFileSync(file, '[evidence]\nwords = false\n\n[actions]\nmode = "auto" # mine\n');
    const { code, err } = await run(['config', 'set', 'evidence.words', 'true']);
    expect({ code, err }).toEqual({ code: 0, err: `vigil: ${WORDS}\n` });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('self_reported = true');
    expect(text).not.toContain('words');
    expect(text).toContain('mode = "auto" # mine');
    expect(await run(['config', 'unset', 'evidence.words'])).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).not.toContain('self_reported');
  });

  it('is said by the daemon once, and by its health for as long as it stands there', () => {
    writeFileSync(file, '[evidence]\nwords = false\n');
    const log: string[] = [];
    const { config, warnings } = loadConfig(file);
    const logger = createLogger({ level: 'info', format: 'json', write: text => void log.push(text) });
    const bus = { emit: () => {} };
    const modules = { configure: () => {} };
    const reloader = new ConfigReloader({ file, explicit: true, config, warnings, logger, bus, modules });
    const renamed = () => reloader.state({ kind: 'all' }).renamed;
    const said = () => log.filter(line => line.includes('evidence.words')).length;
    expect(renamed()).toEqual([WORDS]);
    reloader.reload();
    expect(said()).toBe(1);
    writeFileSync(file, '[evidence]\nself_reported = false\n');
    reloader.reload();
    expect(renamed()).toBeUndefined();
  });

  it('is read and changed over the socket', () => {
    const config = defaultConfig();
    expect(configReport(config)).toMatchObject({ evidence: { words: true, self_reported: true } });
    const [change, ...more] = changesOf({ evidence: { words: false, self_reported: true } }, config);
    expect(more).toEqual([]);
    expect(change).toMatchObject({ key: { name: 'evidence.self_reported' }, value: false });
  });

  it('is the name of no key, and of one key only', () => {
    const former = configKeys().flatMap(({ formerly }) => formerly);
    const names = configKeys().map(({ name }) => name);
    expect(former.filter(name => names.includes(name))).toEqual([]);
    expect(new Set(former).size).toBe(former.length);
  });
});
