import { closeSync, constants, fstatSync, lstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorWords } from '../../lib/files/error-words.js';
import { distrustOfFolder } from '../../lib/files/trusted-path.js';
import type { Logger } from '../../lib/log/logger.js';
import { printable } from '../../lib/text/printable.js';
import { iso } from '../../lib/time/time.js';
import type { AlertChange, Severity } from '../../model/alert.js';
import { type Channel, type ChannelHealth, Gate } from './channel.js';
import { redactedChange } from './message.js';

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/**
 * Alerts as lines of JSON, `{time, type, time_ms, alert}`, appended to a file that may be rotated at any time.
 * Created 0640; an existing file's mode and owner are never changed.
 */
export class AlertLogFile implements Channel {
  readonly name = 'log file';
  private readonly gate: Gate;
  private fd: number | null = null;
  private readonly counts = { sent: 0, failed: 0 };
  private trouble: string | null = null;
  /** The file whose last line is there in part only. */
  private torn: { ino: number; dev: number } | null = null;

  constructor(
    private readonly path: string,
    min_severity: Severity,
    private readonly log: Logger,
  ) {
    this.gate = new Gate(min_severity);
  }

  send(change: AlertChange): void {
    if (!this.gate.admits(change)) return;
    const trouble = this.written(change);
    if (trouble === null) this.counts.sent++;
    else this.counts.failed++;
    this.note(trouble);
  }

  private written(change: AlertChange): string | null {
    try {
      return this.append(
        `${JSON.stringify({ time: iso(change.time_ms), ...redactedChange(change, false) })}\n`,
      );
    } catch (error) {
      this.log.error({ channel: this.name, err: error }, 'a line could not be made');
      return 'a line could not be made: see the log';
    }
  }

  async drained(): Promise<void> {}

  async stop(): Promise<void> {
    this.close();
  }

  health(): ChannelHealth {
    return { name: this.name, ...this.counts, dropped: 0, waiting: 0, trouble: this.trouble };
  }

  /** Null, or what went wrong. */
  private append(line: string): string | null {
    try {
      if (this.fd !== null && !this.isStillThere(this.fd)) this.close();
      const fd = this.fd ?? this.open();
      if (typeof fd === 'string') return fd;
      this.fd = fd;
      const { ino, dev } = fstatSync(fd);
      const isTorn = this.torn?.ino === ino && this.torn.dev === dev;
      const bytes = Buffer.from(isTorn ? `\n${line}` : line);
      const written = writeSync(fd, bytes);
      if (written === bytes.length) this.torn = null;
      else if (written > 0) this.torn = { ino, dev };
      return written === bytes.length ? null : 'only part of a line could be written: is the disk full?';
    } catch (error) {
      this.close();
      return errorWords(error, BETTER);
    }
  }

  private open(): number | string {
    const distrust = distrustOfFolder(dirname(this.path));
    if (distrust !== null) return distrust;
    const fd = openSync(this.path, FLAGS, 0o640);
    const stat = fstatSync(fd);
    const wrong = !stat.isFile()
      ? 'it is not a regular file'
      : stat.uid !== process.geteuid?.()
        ? `it belongs to uid ${stat.uid}`
        : stat.nlink !== 1
          ? 'it has another name elsewhere (a hard link)'
          : (stat.mode & 0o002) !== 0
            ? 'anyone may write it: chmod o-w it'
            : null;
    if (wrong === null) return fd;
    closeSync(fd);
    return wrong;
  }

  /** After a rotation the name is gone, or another file's. */
  private isStillThere(fd: number): boolean {
    const own = fstatSync(fd);
    const named = lstatSync(this.path, { throwIfNoEntry: false });
    return named !== undefined && named.ino === own.ino && named.dev === own.dev;
  }

  private close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private note(trouble: string | null): void {
    if (trouble === this.trouble) return;
    const file = printable(this.path, 300);
    if (trouble !== null)
      this.log.warn({ file, reason: trouble }, 'alerts cannot be written to log_file.path');
    else this.log.info({ file }, 'alerts are written to log_file.path again');
    this.trouble = trouble;
  }
}

const BETTER = {
  ELOOP: 'it is a symbolic link: name the file itself',
  ENXIO: 'it is not a regular file',
  EISDIR: 'it is not a regular file',
  EROFS: 'the filesystem is read-only',
};
