/**
 * What kept the database from working:
 * `corrupt` its content is damaged; `full` no room; `refused` it must not be touched, a person has to decide;
 * `unavailable` anything else of the file or the folder; `row` one row was at fault, not the database;
 * `crashed` the thread that it worked in ended.
 */
export type Trouble = 'corrupt' | 'full' | 'refused' | 'unavailable' | 'row' | 'crashed';

/** The message is for people and says what to do where that is known. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly trouble: Trouble,
    message: string,
  ) {
    super(message);
  }
}

/** Sorts what SQLite or the system threw. https://sqlite.org/rescode.html */
export function engineError(error: unknown, file: string): EngineError {
  if (error instanceof EngineError) return error;
  const { code = '', message } = error as { code?: string; message: string };
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return new EngineError('corrupt', `${file}: ${message}`);
  if (/^SQLITE_FULL$|^ENOSPC$|^EDQUOT$/.test(code)) {
    return new EngineError('full', `${file}: the disk is full: make room`);
  }
  if (/^SQLITE_READONLY|^EROFS$|^EACCES$|^EPERM$/.test(code)) {
    return new EngineError('unavailable', `${file} may not be written (${code})`);
  }
  if (/^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(code)) {
    return new EngineError('unavailable', `${file} is locked by another program`);
  }
  if (/^SQLITE_(IOERR|CANTOPEN|NOMEM|PERM|NOLFS)/.test(code)) {
    return new EngineError('unavailable', `${file} cannot be used: ${message} (${code})`);
  }
  // Constraints, values that do not fit, JSON that does not parse: errors of the system all have a code.
  if (code === '' || code.startsWith('SQLITE_')) return new EngineError('row', message);
  return new EngineError('unavailable', `${file} cannot be used: ${message}`);
}
