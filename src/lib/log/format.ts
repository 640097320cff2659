import { createRequire } from 'node:module';
import type pinoPretty from 'pino-pretty';
import { sanitize } from './sanitize.js';

/** The three forms of a log record. Each takes pino's JSON line and answers what is written. */

export type LogFormat = 'journal' | 'pretty' | 'json';

type Env = Readonly<Record<string, string | undefined>>;

/** What standard error is. */
export interface Target {
  tty: boolean;
  /** `device:inode`, as JOURNAL_STREAM has it. */
  stream: string;
}

/**
 * journald takes the priority from a prefix; a person reads; anything else gets JSON lines. The variables
 * of systemd are inherited by whatever a service starts (a whole desktop session, say): so the stream counts.
 */
export function chooseFormat(env: Env, { tty, stream }: Target): LogFormat {
  if (tty) return 'pretty';
  if (env.JOURNAL_STREAM !== undefined) return env.JOURNAL_STREAM === stream ? 'journal' : 'json';
  return env.INVOCATION_ID === undefined ? 'json' : 'journal';
}

interface LogRecord {
  level: number;
  time: number;
  msg?: string;
  [key: string]: unknown;
}

export function formatter(format: LogFormat, { color = false } = {}): (line: string) => string {
  if (format === 'json') return line => `${JSON.stringify(record(line))}\n`;
  if (format === 'journal') return line => journalLine(record(line));
  // A service never needs it, and it holds memory.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty;
  const pretty = prettyFactory({
    colorize: color,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return line => pretty(restoreStack(record(line))) ?? '';
}

function record(line: string): LogRecord {
  return sanitize(JSON.parse(line)) as LogRecord;
}

/** pino-pretty wants a stack as one text; it indents each line, so that none can pass for a record. */
function restoreStack(entry: LogRecord): LogRecord {
  const { err } = entry;
  if (typeof err !== 'object' || err === null || !('stack' in err) || !Array.isArray(err.stack)) return entry;
  return { ...entry, err: { ...err, stack: err.stack.join('\n') } };
}

/** syslog's numbers: crit 2, err 3, warning 4, info 6, debug 7. */
export function priority(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

/** `<4>message key=value …`: journald keeps time, process and host by itself. */
function journalLine(entry: LogRecord): string {
  const { level, time: _time, msg = '', ...fields } = entry;
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  return `<${priority(level)}>${msg}${rest.join('')}\n`;
}

function fieldText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
