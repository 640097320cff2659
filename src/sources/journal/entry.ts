/** One entry of the journal, as far as it matters here: systemd.journal-fields(7). */
export interface JournalEntry {
  /** Of CLOCK_MONOTONIC. */
  monotonic_ms: number;
  /** 0 to 7, syslog(3). */
  priority: number;
  message: string;
  message_id: string | null;
  /** The unit it came from. */
  unit: string | null;
  identifier: string | null;
  pid: number | null;
  /** From the kernel itself, not from who wrote into its log. */
  from_kernel: boolean;
  /** The unit of the system that sent it, not one of a user's manager; null: none. */
  from_system_unit: string | null;
  /** From the system's manager (uid null), or that user's: only then UNIT= is to be believed. Null: from neither. */
  from_manager: { uid: number | null } | null;
  /** The unit that a message of a manager is about, with the manager's word for what became of it. */
  about: { unit: string; result: string | null } | null;
}

/** Fields that journalctl is asked for; it adds the times by itself. */
export const FIELDS = [
  'MESSAGE',
  'MESSAGE_ID',
  'PRIORITY',
  'SYSLOG_FACILITY',
  'SYSLOG_IDENTIFIER',
  'UNIT',
  'USER_UNIT',
  'UNIT_RESULT',
  'JOB_RESULT',
  '_PID',
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  '_TRANSPORT',
] as const;

const MAX_MESSAGE = 1_000;
const MAX_NAME = 256;

/**
 * A line of `journalctl -o json`: one object, the values of its fields text; a list of numbers (bytes) where
 * they are no clean UTF-8, a list of texts where the field was given several times, null where it is too long.
 * See "Journal JSON Format". Null for a line that is none.
 *
 * `{"__MONOTONIC_TIMESTAMP":"904021","PRIORITY":"3","_TRANSPORT":"kernel","MESSAGE":"Out of memory: …"}`
 */
export function parseEntry(line: string): JournalEntry | null {
  let fields: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    fields = value as Record<string, unknown>;
  } catch {
    return null;
  }
  const name = (field: string) => text(fields[field], MAX_NAME);
  const number = (field: string) => {
    const value = Number(name(field) ?? Number.NaN);
    return Number.isFinite(value) ? value : null;
  };
  const us = number('__MONOTONIC_TIMESTAMP');
  if (us === null) return null;
  const pid = number('_PID');
  const unit = name('_SYSTEMD_UNIT');
  const userUnit = name('_SYSTEMD_USER_UNIT');
  // /dev/kmsg lets nobody write as facility 0 (printk.c, devkmsg_write).
  const from_kernel = fields._TRANSPORT === 'kernel' && (number('SYSLOG_FACILITY') ?? 0) === 0;
  const about = name('UNIT') ?? name('USER_UNIT');
  return {
    monotonic_ms: us / 1000,
    priority: Math.min(7, Math.max(0, number('PRIORITY') ?? 6)),
    message: text(fields.MESSAGE, MAX_MESSAGE) ?? '(a message that is too long)',
    message_id: name('MESSAGE_ID'),
    unit: userUnit ?? unit,
    identifier: name('SYSLOG_IDENTIFIER') ?? (from_kernel ? 'kernel' : null),
    pid,
    from_kernel,
    from_system_unit: from_kernel || userUnit !== null ? null : unit,
    from_manager: from_kernel ? null : managerOf(pid, unit, userUnit),
    about: about === null ? null : { unit: about, result: name('UNIT_RESULT') ?? name('JOB_RESULT') },
  };
}

/** By what journald itself says of the sender: only a user's manager is in `init.scope` of `user@UID.service`. */
function managerOf(
  pid: number | null,
  unit: string | null,
  userUnit: string | null,
): JournalEntry['from_manager'] {
  if (pid === 1) return { uid: null };
  const uid = userUnit === 'init.scope' ? /^user@(\d+)\.service$/.exec(unit ?? '')?.[1] : undefined;
  return uid === undefined ? null : { uid: Number(uid) };
}

function text(value: unknown, max: number): string | null {
  if (typeof value === 'string') return value.slice(0, max);
  if (!Array.isArray(value)) return null;
  if (value.length > 0 && value.every(byte => typeof byte === 'number')) {
    return Buffer.from(value.slice(0, max)).toString('utf8');
  }
  return text(value[0], max);
}
