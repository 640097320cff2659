import { isSameProcess } from '../lib/process/identity.js';
import type { Alert } from '../model/alert.js';
import type { ProcessRef, ProcessSample, SessionSample, Snapshot } from '../model/snapshot.js';

/** What is to be explained, and everything that is known around it. */
export interface Question {
  about: { kind: 'alert'; alert: Alert } | { kind: 'process'; pid: number };
  /** From whose view of the machine all of this is: that user's; null: of who sees everything. */
  viewer_uid: number | null;
  snapshot: Snapshot;
  /** Lines about how it came to this, e.g. `14:02 rss 310 MiB`; oldest first. */
  history: readonly string[];
  /** Lines of the journal around it; oldest first. */
  journal: readonly string[];
}

/** How many of each are told to a model, or looked at by the rules. */
export const LIMITS = {
  subjects: 20,
  other_pids: 200,
  top: 10,
  history: 30,
  journal: 20,
  children: 10,
  /** Characters of each name, command line or log line. */
  text: 400,
} as const;

/** The processes that may be spoken of, and with them what an answer may name as a target. */
export interface Context {
  /** Those that it is about, worst first. */
  subjects: readonly ProcessRef[];
  by_memory: readonly ProcessSample[];
  by_cpu: readonly ProcessSample[];
  /** Of the process asked about, biggest first. */
  children: readonly ProcessSample[];
  session: SessionSample | null;
  /** Every process an answer may name, by pid. */
  processes: ReadonlyMap<number, ProcessRef>;
  /** Names of units of the system, e.g. `ssh.service`. */
  units: ReadonlySet<string>;
}

/** Pure. Which part of the snapshot belongs to the question. */
export function contextOf(question: Question): Context {
  const { snapshot } = question;
  const subjects = subjectsOf(question);
  const by_memory = top(snapshot.processes, process => process.rss_bytes);
  const by_cpu = top(snapshot.processes, process => process.cpu_percent ?? 0).filter(
    process => (process.cpu_percent ?? 0) > 0,
  );
  const children = childrenOf(question);
  const processes = new Map<number, ProcessRef>();
  for (const process of [...by_memory, ...by_cpu, ...children, ...subjects])
    processes.set(process.pid, process);
  const samples = new Map(snapshot.processes.map(process => [process.pid, process]));
  const units = new Set<string>();
  for (const { pid } of processes.values()) {
    const unit = unitOf(samples.get(pid)?.cgroup ?? null);
    if (unit !== null) units.add(unit);
  }
  const about = question.about.kind === 'alert' ? question.about.alert.subject : null;
  if (about?.kind === 'unit' && about.uid === null) units.add(about.name);
  return { subjects, by_memory, by_cpu, children, session: sessionOf(question), processes, units };
}

function subjectsOf({ about, snapshot }: Question): readonly ProcessRef[] {
  if (about.kind === 'alert') return about.alert.subject.processes.slice(0, LIMITS.other_pids);
  return snapshot.processes.filter(process => process.pid === about.pid);
}

function childrenOf({ about, snapshot }: Question): readonly ProcessSample[] {
  if (about.kind === 'alert') return [];
  return snapshot.processes
    .filter(process => process.ppid === about.pid)
    .sort((a, b) => b.rss_bytes - a.rss_bytes)
    .slice(0, LIMITS.children);
}

/** `claude (pid 12) → npm (pid 13) → node (pid 14)`, oldest first; null when there is no such process. */
export function lineageOf(pid: number, { processes }: Snapshot): string | null {
  const byPid = new Map(processes.map(process => [process.pid, process]));
  const names: string[] = [];
  for (let at = byPid.get(pid); at !== undefined && names.length < 16; at = byPid.get(at.ppid)) {
    names.unshift(`${at.comm} (pid ${at.pid})`);
  }
  return names.length === 0 ? null : names.join(' → ');
}

function sessionOf(question: Question): SessionSample | null {
  const { about, snapshot } = question;
  const ref =
    about.kind === 'alert'
      ? about.alert.subject.session
      : (snapshot.processes.find(process => process.pid === about.pid)?.session ?? null);
  if (ref === null) return null;
  return snapshot.sessions.find(session => isSameProcess(session, ref)) ?? null;
}

function top(processes: readonly ProcessSample[], by: (process: ProcessSample) => number): ProcessSample[] {
  return [...processes].sort((a, b) => by(b) - by(a)).slice(0, LIMITS.top);
}

/** `/system.slice/ssh.service` → `ssh.service`; login sessions and slices are nobody's service. */
export function unitOf(cgroup: string | null): string | null {
  const found = /\/([^/]{1,200}\.service)(?:\/|$)/.exec(cgroup ?? '');
  const unit = found?.[1] ?? null;
  return unit === null || unit.startsWith('user@') ? null : unit;
}
