import { fstatSync } from 'node:fs';
import pino from 'pino';
import { chooseFormat, formatter, type LogFormat } from './format.js';
import type { LogLevel } from './levels.js';

export type Logger = pino.Logger;

export interface LoggerOptions {
  level: LogLevel;
  /** Without it: by the environment (systemd, a terminal, anything else). */
  format?: LogFormat;
  color?: boolean;
  /** Where the lines go; standard error without it. */
  write?: (text: string) => void;
}

/** The logger of the daemon. Written at once: the last words before a crash are the ones that count. */
export function createLogger(options: LoggerOptions): Logger {
  const tty = process.stderr.isTTY === true;
  const format = options.format ?? chooseFormat(process.env, { tty, stream: stderrStream() });
  const color = options.color ?? (tty && (process.env.NO_COLOR ?? '') === '');
  const write = options.write ?? stderrWriter();
  const render = formatter(format, { color });
  const stream = { write: (line: string) => write(render(line)) };
  return pino({ level: options.level, base: null, serializers: { err: pino.stdSerializers.err } }, stream);
}

function stderrStream(): string {
  try {
    const { dev, ino } = fstatSync(2);
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}

function stderrWriter(): (text: string) => void {
  const destination = pino.destination({ fd: 2, sync: true });
  // A reader that went away must not take the daemon with it.
  destination.on('error', () => {});
  return text => void destination.write(text);
}

/** For tests and for library use: says nothing. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
