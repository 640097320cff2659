import type { Alert } from '../model/alert.js';
import type { ProcessRef } from '../model/snapshot.js';
import type { ActionRecord, DiagnosisRecord, StoredAction } from './records.js';

/** What is handed in, cut before it waits in memory, crosses into the thread and is written. */

/** Of hundreds of processes whole command lines would be most of the database. */
const MAX_CMDLINE_CHARS = 512;
/** Of a list of processes as JSON: some sixty with long command lines, some three hundred with short ones. */
const MAX_LIST_CHARS = 32_768;
/** So many users have at least one process in a list that is cut. */
const MAX_USERS = 64;
const MAX_ARGUMENTS = 64;
const MAX_ARGUMENT_CHARS = 1_024;
/** Of one value that nobody here knows the shape of. */
const MAX_VALUE_CHARS = 65_536;

/** The alert as it is kept. */
export function boundedAlert(alert: Alert): Alert {
  const { subject, title, text, suggestion } = alert;
  return {
    ...alert,
    title: cut(title, 500),
    text: cut(text, 4_000),
    suggestion: suggestion === null ? null : cut(suggestion, 4_000),
    subject: { ...subject, name: cut(subject.name, 1_000), processes: boundedProcesses(subject.processes) },
  };
}

/** The action as it is kept: the list of its targets is cut, never its counts. */
export function boundedAction(action: ActionRecord): StoredAction {
  const { targets, argv, evidence, before, after, result } = action;
  const owners = new Map<number, number>();
  for (const { uid } of targets) owners.set(uid, (owners.get(uid) ?? 0) + 1);
  return {
    ...action,
    targets: boundedProcesses(targets),
    owners: [...owners],
    argv: argv?.slice(0, MAX_ARGUMENTS).map(word => cut(word, MAX_ARGUMENT_CHARS)) ?? null,
    evidence: boundedValue(evidence),
    before: boundedValue(before),
    after: boundedValue(after),
    result: result === null ? null : cut(result, 4_000),
  };
}

export function boundedDiagnosis(diagnosis: DiagnosisRecord): DiagnosisRecord {
  return { ...diagnosis, answer: boundedValue(diagnosis.answer) };
}

/** In their order, as many as fit: at least one of each user, of the first users. */
export function boundedProcesses(processes: readonly ProcessRef[]): ProcessRef[] {
  return bounded(processes, process => process.uid, shortened);
}

/** The same of things that are about a process each. */
export function bounded<T>(all: readonly T[], uidOf: (one: T) => number, shorten: (one: T) => T): T[] {
  const users = new Set<number>();
  const kept = new Map<number, T>();
  let chars = 0;
  const keep = (index: number, one: T) => {
    kept.set(index, one);
    chars += JSON.stringify(one).length;
  };
  all.forEach((one, index) => {
    const uid = uidOf(one);
    if (users.has(uid) || users.size >= MAX_USERS) return;
    users.add(uid);
    keep(index, shorten(one));
  });
  for (let index = 0; index < all.length && chars < MAX_LIST_CHARS; index++)
    if (!kept.has(index)) keep(index, shorten(all[index]!));
  return [...kept].sort(([a], [b]) => a - b).map(([, one]) => one);
}

export function shortened(process: ProcessRef): ProcessRef {
  const { cmdline } = process;
  return cmdline.length <= MAX_CMDLINE_CHARS
    ? process
    : { ...process, cmdline: cut(cmdline, MAX_CMDLINE_CHARS) };
}

/** For columns that no reader expects a shape of. */
function boundedValue(value: unknown): unknown {
  const text = JSON.stringify(value) ?? 'null';
  return text.length <= MAX_VALUE_CHARS ? value : { too_large_chars: text.length };
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…`;
}
