import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { printable } from '../lib/text/printable.js';
import { keyLines, lineOf } from './key-lines.js';
import { problemsOf } from './problems.js';
import { renamedText, usePresentNames } from './renamed.js';
import { type Config, configSchema, defaultConfig } from './schema.js';

export const MAX_CONFIG_BYTES = 1024 * 1024;

export interface ConfigProblem {
  file: string;
  line: number | null;
  /** Dotted path of the key; null when the problem is the whole file. */
  key: string | null;
  message: string;
}

/** The message has a line for each problem: `FILE:LINE: what is wrong`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
  }
}

export function formatProblem(problem: ConfigProblem): string {
  const file = printable(problem.file, 300);
  const where = problem.line === null ? file : `${file}:${problem.line}`;
  return `${where}: ${problem.message}`;
}

/**
 * Reads a config file, or answers the defaults (and `path` null) when it is absent and nobody asked for it
 * by name (`explicit`).
 */
export function loadConfig(
  path: string | undefined,
  { explicit = false }: { explicit?: boolean } = {},
): ReadConfig & { path: string | null } {
  const text = path === undefined ? null : readConfigText(path, explicit);
  if (path === undefined || text === null) return { config: defaultConfig(), warnings: [], path: null };
  return { ...readConfig(text, path), path };
}

export interface ReadConfig {
  config: Config;
  /** What is right now and will not be: keys under former names. */
  warnings: readonly ConfigProblem[];
}

/** `file` only serves the messages. @throws ConfigError */
export function parseConfig(text: string, file: string): Config {
  return readConfig(text, file).config;
}

/** @throws ConfigError */
function readConfig(text: string, file: string): ReadConfig {
  const table = parseToml(text, file);
  const renamed = usePresentNames(table);
  const result = configSchema.safeParse(table, { reportInput: true });
  if (result.success && renamed.length === 0) return { config: result.data, warnings: [] };
  const lines = keyLines(text);
  if (result.success) {
    const warnings = renamed.map(key => ({
      file,
      line: lineOf(lines, key.former.split('.')),
      key: key.former,
      message: renamedText(key),
    }));
    return { config: result.data, warnings };
  }
  const formerPath = (path: PropertyKey[]) =>
    renamed.find(({ name }) => name === path.join('.'))?.former.split('.') ?? path;
  const problems = problemsOf(result.error.issues).map(({ path, message }) => ({
    file,
    line: lineOf(lines, formerPath(path)),
    key: path.length === 0 ? null : path.map(String).join('.'),
    message,
  }));
  throw new ConfigError(problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
}

/** What the file holds, by the present names of keys. @throws ConfigError when it is no TOML */
export function parseFile(text: string, file: string): unknown {
  const table = parseToml(text, file);
  usePresentNames(table);
  return table;
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    throw fileError(file, `not valid TOML: ${printable(reason, 200)} (column ${error.column})`, error.line);
  }
}

function fileError(file: string, message: string, line: number | null = null): ConfigError {
  return new ConfigError([{ file, line, key: null, message }]);
}

/** Null: there is none, and that is fine. Devices and FIFOs are refused without waiting for them. */
export function readConfigText(file: string, explicit: boolean): string | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!explicit && code === 'ENOENT') return null;
    if (code === 'ENOENT') throw fileError(file, 'there is no such file');
    if (code === 'EACCES') throw fileError(file, 'cannot be read: permission denied');
    throw fileError(file, `cannot be opened: ${code ?? error}`);
  }
  try {
    return decode(file, readBounded(file, fd));
  } finally {
    closeSync(fd);
  }
}

function readBounded(file: string, fd: number): Buffer {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw fileError(file, 'is not a regular file');
  if (stat.size > MAX_CONFIG_BYTES) {
    throw fileError(file, `is too large: ${stat.size} bytes, at most ${MAX_CONFIG_BYTES} are read`);
  }
  if (process.geteuid?.() === 0 && (stat.mode & 0o002) !== 0) {
    throw fileError(file, 'may be written by anyone, and vigil runs as root; chmod o-w it');
  }
  const buffer = Buffer.alloc(MAX_CONFIG_BYTES + 1);
  let length = 0;
  for (;;) {
    const got = readSync(fd, buffer, length, buffer.length - length, null);
    length += got;
    if (got === 0) return buffer.subarray(0, length);
    if (length > MAX_CONFIG_BYTES) throw fileError(file, `is larger than ${MAX_CONFIG_BYTES} bytes`);
  }
}

function decode(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = bytes.subarray(0, firstBadByte(bytes)).filter(byte => byte === 10).length + 1;
    throw fileError(file, 'is not UTF-8', line);
  }
}

function firstBadByte(bytes: Buffer): number {
  // What decodes badly comes back as U+FFFD: the first byte that did not survive the round trip.
  const again = Buffer.from(bytes.toString('utf8'), 'utf8');
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at++;
  return at;
}
