import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeConfig } from '../../src/config/change.js';
import { openConfigFile, replaceConfigFile, WriteError } from '../../src/config/file.js';
import { findKey, valueFrom } from '../../src/config/keys.js';

const isRoot = process.geteuid?.() === 0;
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vigil-change-'));
  file = join(dir, 'config.toml');
});
afterEach(() => rmSync(dir, { recursive: true }));

const set = (values: Record<string, unknown>, path = file) =>
  changeConfig(
    path,
    Object.entries(values).map(([name, value]) => ({ key: findKey(name), value })),
  );
const text = (path = file) => readFileSync(path, 'utf8');

describe('a change of the file', () => {
  it('tells what was and what is, and leaves the rest alone', () => {
    writeFileSync(file, '# mine\n[actions]\nmode = "auto" # careful\n');
    const { keys, config } = set({ 'actions.mode': 'suggest', 'actions.dry_run': false, log_level: 'debug' });
    expect(keys).toEqual([
      { name: 'actions.mode', from: 'auto', to: 'suggest' },
      { name: 'log_level', from: 'info', to: 'debug' },
    ]);
    expect(config.actions).toMatchObject({ mode: 'suggest', dry_run: false });
    expect(text()).toContain('mode = "suggest" # careful\n');
    expect(set({ 'actions.mode': undefined }).keys).toEqual([
      { name: 'actions.mode', from: 'suggest', to: 'observe' },
    ]);
    expect(text()).toMatch(/^log_level = "debug"\n|\nlog_level = "debug"\n/);
  });

  it('may need several keys at once', () => {
    expect(() => set({ 'thresholds.ram_warn_percent': 95 })).toThrow(
      'must not be above ram_critical_percent (90)',
    );
    set({ 'thresholds.ram_warn_percent': 95, 'thresholds.ram_critical_percent': 97 });
    expect(text()).toBe('[thresholds]\nram_warn_percent = 95\nram_critical_percent = 97\n');
  });

  it.each([
    [
      'a value that is no choice',
      { 'actions.mode': 'atuo' },
      /one of "observe", "suggest", "auto".*did you mean "auto"/,
    ],
    [
      'a value of another type',
      { 'tray.enabled': 'maybe' },
      /"tray.enabled" must be true or false, not "maybe"/,
    ],
    ['a value out of range', { 'sampling.sample_interval_normal_s': 0 }, /at least 0.5, not 0/],
    ['a list of tables', { webhooks: [] }, /vigil config edit/],
  ])('with %s is refused, and the file is untouched', (_what, values, why) => {
    writeFileSync(file, '# mine\nlog_level = "info"\n');
    const before = statSync(file, { bigint: true });
    expect(() => set(values as Record<string, unknown>)).toThrow(why);
    expect(text()).toBe('# mine\nlog_level = "info"\n');
    expect(statSync(file, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
    expect(readdirSync(dir)).toEqual(['config.toml']);
  });

  it('mends a value that is wrong, and names other mistakes with their lines', () => {
    writeFileSync(file, 'log_level = "loud"\n');
    set({ log_level: 'warn' });
    writeFileSync(file, 'log_level = "loud"\n[actons]\nmode = "auto"\n');
    expect(() => set({ log_level: 'warn' })).toThrow(/config.toml:3: unknown key "actons.mode"/);
    writeFileSync(file, 'a = [\n');
    expect(() => set({ log_level: 'warn' })).toThrow(/not valid TOML/);
    expect(text()).toBe('a = [\n');
  });
});

describe('the file', () => {
  it('that says so already is not written', () => {
    writeFileSync(file, 'log_level = "debug"\n');
    const { ino } = statSync(file);
    set({ log_level: 'debug' });
    expect(statSync(file).ino).toBe(ino);
  });

  it('is made with its folder, for its own user', () => {
    const path = join(dir, 'a', 'b', 'config.toml');
    set({ log_level: 'debug' }, path);
    expect(text(path)).toBe('log_level = "debug"\n');
    expect(statSync(path).mode & 0o777).toBe(isRoot ? 0o644 : 0o600);
  });

  it.runIf(isRoot)('keeps owner and mode', () => {
    writeFileSync(file, '');
    chownSync(file, 12345, 23456);
    chmodSync(file, 0o640);
    set({ log_level: 'debug' });
    expect(statSync(file)).toMatchObject({ uid: 12345, gid: 23456, mode: 0o100640 });
  });

  it.runIf(isRoot)('is not written by root through a link, nor where others could put one', () => {
    const other = join(dir, 'other');
    writeFileSync(other, '# theirs\n');
    symlinkSync(other, file);
    expect(() => set({ log_level: 'debug' })).toThrow(/is a link, and root writes through none/);
    const theirs = join(dir, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, 12345, 12345);
    expect(() => set({ log_level: 'debug' }, join(theirs, 'config.toml'))).toThrow(/belongs to uid 12345/);
    const anybodys = join(dir, 'anybodys');
    mkdirSync(anybodys);
    chmodSync(anybodys, 0o777);
    expect(() => set({ log_level: 'debug' }, join(anybodys, 'new', 'config.toml'))).toThrow(
      /anyone may write/,
    );
    expect(text(other)).toBe('# theirs\n');
    expect([...readdirSync(theirs), ...readdirSync(anybodys)]).toEqual([]);
  });

  it('that somebody else changed meanwhile stays as they left it', () => {
    writeFileSync(file, 'log_level = "info"\n');
    const opened = openConfigFile(file);
    writeFileSync(file, 'log_level = "warn" # by hand\n');
    expect(() => replaceConfigFile(opened, 'log_level = "debug"\n')).toThrow(WriteError);
    expect(text()).toBe('log_level = "warn" # by hand\n');
    expect(readdirSync(dir)).toEqual(['config.toml']);
  });
});

describe('a value as it is typed', () => {
  it.each([
    ['actions.mode', 'auto', 'auto'],
    ['actions.mode', '"auto"', 'auto'],
    ['ai.model', '3', '3'],
    ['ai.base_url', 'http://127.0.0.1:1/v1', 'http://127.0.0.1:1/v1'],
    ['actions.grace_s', '0.5', 0.5],
    ['actions.grace_s', 'soon', 'soon'],
    ['tray.enabled', 'false', false],
    ['allowlist.ignore_commands', 'Xorg, dbus*', ['Xorg', 'dbus*']],
    ['allowlist.ignore_commands', '["a,b"]', ['a,b']],
    ['allowlist.ignore_commands', '[]', []],
    ['allowlist.ignore_commands', '[broken', '[broken'],
    ['actions.protected_pids', '12,13', [12, 13]],
    ['actions.grace_s', '5\nmode = "auto"', '5\nmode = "auto"'],
  ])('%s %s', (name, typed, value) => {
    expect(valueFrom(findKey(name), typed)).toEqual(value);
  });

  it.each([
    ['actions.mod', 'actions.mode'],
    ['mode', 'actions.mode'],
    ['thresholds.ram_warn', 'thresholds.ram_warn_percent'],
  ])('%s: did you mean %s?', (name, meant) => {
    expect(() => findKey(name)).toThrow(`did you mean "${meant}"?`);
  });
});
