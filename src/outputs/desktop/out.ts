import { printable } from '../../lib/text/printable.js';
import type { FromHelper } from './protocol.js';

export type LogFields = Record<string, string | number | boolean | null>;
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: LogFields) => void;

/** What a helper says to the daemon. */
export interface Out {
  send(message: FromHelper): void;
  log: Log;
}

const MAX_FIELD = 500;

export function createOut(write: (line: string) => void): Out {
  const send = (message: FromHelper) => write(`${JSON.stringify(message)}\n`);
  return {
    send,
    log: (level, message, fields = {}) => {
      const entries = Object.entries(fields).map(([key, value]) => [
        key,
        typeof value === 'string' ? printable(value, MAX_FIELD) : value,
      ]);
      send({
        type: 'log',
        level,
        message: printable(message, MAX_FIELD),
        fields: Object.fromEntries(entries),
      });
    },
  };
}

/** Says the same thing about the same matter once, until `clear`. */
export class Once {
  private readonly said = new Map<string, string>();

  constructor(private readonly log: Log) {}

  warn(matter: string, message: string, fields: LogFields = {}): void {
    const text = JSON.stringify([message, fields]);
    if (this.said.get(matter) === text) return;
    this.said.set(matter, text);
    this.log('warn', message, fields);
  }

  /** It is well again; said if anything was said before. */
  clear(matter: string, message: string, fields: LogFields = {}): void {
    if (this.said.delete(matter)) this.log('info', message, fields);
  }
}
