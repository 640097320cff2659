import { clip, mapTexts, redact } from '../../diagnosis/redact.js';
import { printable } from '../../lib/text/printable.js';
import type { AlertChange, Severity } from '../../model/alert.js';

/** What a change of an alert says, before any format: redacted, one line each, of bounded length. */
export interface Message {
  /** e.g. `HIGH on workstation`, `Over on workstation`. */
  heading: string;
  /** The alert's title. */
  title: string;
  /** What was measured. */
  text: string;
  /** Labels and values, in the order in which they are shown. */
  details: readonly { label: string; value: string }[];
  severity: Severity;
  over: boolean;
  time_ms: number;
  /** The change itself, redacted, for programs. */
  change: AlertChange;
  host: string;
}

/** What is posted to an address. */
export interface Post {
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** How somebody wants to be told. Pure. */
export type Format = (message: Message) => Post;

export interface MessageOptions {
  host: string;
  redact_home: boolean;
}

/** Pure. */
export function messageOf(change: AlertChange, options: MessageOptions): Message {
  const safe = redactedChange(change, options.redact_home);
  const { alert } = safe;
  const over = change.type === 'alert_resolved';
  const host = printable(options.host, 100);
  const what = over
    ? 'Over'
    : change.type === 'alert_updated'
      ? `Now ${alert.severity}`
      : alert.severity.toUpperCase();
  return {
    heading: `${what} on ${host}`,
    title: printable(alert.title, 200),
    text: printable(alert.text, 500),
    details: [
      { label: 'About', value: alert.subject.name },
      { label: 'Came from', value: alert.subject.lineage },
      { label: 'Session', value: sessionWords(safe) },
      { label: 'What to do', value: over ? null : alert.suggestion },
    ].flatMap(({ label, value }) =>
      value === null || value === '' ? [] : [{ label, value: printable(value, 300) }],
    ),
    severity: alert.severity,
    over,
    time_ms: change.time_ms,
    change: safe,
    host,
  };
}

/** Every channel says the same: it is redacted once. */
const redactedOnce = {
  with: new WeakMap<AlertChange, AlertChange>(),
  without: new WeakMap<AlertChange, AlertChange>(),
};

/** No secrets, not every one of hundreds of processes, and no text without end. */
export function redactedChange(change: AlertChange, home: boolean): AlertChange {
  const known = redactedOnce[home ? 'with' : 'without'];
  const before = known.get(change);
  if (before !== undefined) return before;
  const redacted = redactChange(change, home);
  known.set(change, redacted);
  return redacted;
}

function redactChange(change: AlertChange, home: boolean): AlertChange {
  const { subject } = change.alert;
  const processes = subject.processes.slice(0, MAX_PROCESSES);
  const shorter = { ...change, alert: { ...change.alert, subject: { ...subject, processes } } };
  // What multiplies has the same command line many times over.
  const known = new Map<string, string>();
  return mapTexts(shorter, text => {
    const redacted = known.get(text) ?? redact(clip(text, MAX_TEXT), { home });
    known.set(text, redacted);
    return redacted;
  });
}

const MAX_PROCESSES = 50;
const MAX_TEXT = 1_000;

function sessionWords({ alert }: AlertChange): string | null {
  const { session } = alert.subject;
  if (session === null) return null;
  const where = session.cwd === null ? '' : ` in ${session.cwd}`;
  return `${session.agent} (pid ${session.pid})${where}, ${session.alive ? 'alive' : 'ended'}`;
}
