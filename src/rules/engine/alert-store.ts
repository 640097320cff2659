import { Quota } from '../../lib/limits/quota.js';
import { type Alert, type AlertChange, type Severity, severityRank } from '../../model/alert.js';
import { replacements } from './replacement.js';
import type { Finding } from './rule.js';

/** A worse severity must last so long before it is said, a milder one so long. */
const WORSE_AFTER_MS = 10_000;
const MILDER_AFTER_MS = 60_000;
/** A subject of several processes is said anew when it grew by half, not more often than this. */
const GREW_BY = 1.5;
const GREW_AFTER_MS = 30_000;
/** Who was told of a trouble is not told again when it comes back so soon. */
const COOLDOWN_MS = 600_000;
/** An alert from before a restart stays so long without its rule, and as long as that needs to see trouble again. */
const RESTORED_CLEAR_MS = 120_000;
/** All its processes have ended: nothing can come back but another run of the program. */
const ENDED_CLEAR_MS = 10_000;
/** Nobody knows whether it is over: it stays so long, not for ever. */
const UNAVAILABLE_CLEAR_MS = 600_000;
const NONE: ReadonlySet<string> = new Set();

const PENDING_MAX = 2_000;
const RESOLVED_MAX = 2_000;
/** The rest of the room is for what is high or critical. */
const MILD_SHARE = 0.75;

export interface AlertStoreOptions {
  /** The number of the next alert. */
  nextId(): number;
  /** After a longer break between two rounds nothing counts as having lasted. */
  gap_ms: number;
  /** No more alerts than this are open at a time; those of users are only a part of them (Quota). */
  max_open: number;
}

/** Bad, and not yet for long enough. */
interface Pending {
  held_ms: number;
  bad: boolean;
  /** The mildest of the time that counts. */
  severity: Severity;
  uid: number | null;
}

/** An open alert and what decides about its next change. */
interface Open {
  alert: Alert;
  clear_ms: number;
  clear_since_ms: number | null;
  /** A severity other than the alert's, and since when. */
  shift: { severity: Severity; since_ms: number } | null;
  said_ms: number;
  said_processes: number;
  /** Keys of milder words on the same trouble, as its last finding named them. */
  instead_of: readonly string[];
}

/**
 * The life of alerts: pending → open → updated → resolved. Findings come in at each round, what people are
 * told goes out, each thing once. An id is opened once and resolved at most once, with no change after that:
 * trouble that comes back has a new id, said `quiet` when it comes back soon.
 */
export class AlertStore {
  private readonly pending = new Map<string, Pending>();
  private readonly opened = new Map<string, Open>();
  /** When the alert of a key was resolved. */
  private readonly resolved = new Map<string, number>();
  /** Room among those that are pending, in this round. */
  private room = new Quota(PENDING_MAX);
  private last_ms: number | null = null;

  constructor(private options: AlertStoreOptions) {}

  configure({ gap_ms }: Pick<AlertStoreOptions, 'gap_ms'>): void {
    this.options = { ...this.options, gap_ms };
  }

  /** Open alerts with their present texts and figures, oldest first. */
  get open(): Alert[] {
    return [...this.opened.values()].map(({ alert }) => alert).sort((a, b) => a.id - b.id);
  }

  /**
   * The open alerts of the run before.
   * @param unseen_ms for how long a rule cannot see the trouble of an alert, though it is there
   */
  restore(alerts: readonly Alert[], now_ms: number, unseen_ms: (alert: Alert) => number = () => 0): void {
    for (const alert of alerts) {
      if (alert.status !== 'open' || this.opened.has(alert.key)) continue;
      this.opened.set(alert.key, {
        alert,
        clear_ms: unseen_ms(alert) + RESTORED_CLEAR_MS,
        clear_since_ms: null,
        shift: null,
        said_ms: now_ms,
        said_processes: alert.subject.processes.length,
        instead_of: [],
      });
    }
  }

  /**
   * One round. Findings that are not there any more count as clear.
   * @param unavailable rules that cannot tell this time: what is open stays so for a while
   * @param ended whether all processes of an alert have ended
   */
  apply(
    now_ms: number,
    findings: readonly Finding[],
    unavailable: ReadonlySet<string> = NONE,
    ended: (alert: Alert) => boolean = () => false,
  ): AlertChange[] {
    const step_ms = this.last_ms === null ? 0 : now_ms - this.last_ms;
    const gap = this.last_ms === null || step_ms > this.options.gap_ms;
    this.last_ms = now_ms;
    if (gap) this.forgetDurations();
    for (const [key, time_ms] of this.resolved) {
      if (now_ms - time_ms >= COOLDOWN_MS) this.resolved.delete(key);
    }
    this.room = new Quota(PENDING_MAX);
    for (const { uid } of this.pending.values()) this.room.add(uid);
    this.rename(findings);
    const seen = new Set<string>();
    const suppressed = this.suppressedBy(findings);
    const changes: AlertChange[] = [];
    for (const finding of bySeverity(findings)) {
      if (seen.has(finding.key)) continue;
      seen.add(finding.key);
      const open = this.opened.get(finding.key);
      if (suppressed.has(finding.key)) {
        this.pending.delete(finding.key);
        if (open !== undefined) open.alert = { ...open.alert, ...told(finding) };
        continue;
      }
      const change =
        open === undefined
          ? this.wait(now_ms, gap ? 0 : step_ms, finding)
          : this.follow(now_ms, open, finding);
      if (change !== null) changes.push(change);
    }
    for (const key of this.pending.keys()) if (!seen.has(key)) this.pending.delete(key);
    for (const key of this.replaced()) {
      const open = this.opened.get(key);
      if (open !== undefined) changes.push(this.resolve(now_ms, open));
    }
    for (const [key, open] of this.opened) {
      if (seen.has(key)) continue;
      const usual_ms = unavailable.has(open.alert.rule) ? UNAVAILABLE_CLEAR_MS : open.clear_ms;
      const change = this.clear(
        now_ms,
        open,
        ended(open.alert) ? Math.min(usual_ms, ENDED_CLEAR_MS) : usual_ms,
      );
      if (change !== null) changes.push(change);
    }
    return changes;
  }

  /** The key of an alert follows what is known of its processes; nobody is told of the same trouble twice. */
  private rename(findings: readonly Finding[]): void {
    for (const [before, { key }] of replacements(findings, this.open)) {
      const open = this.opened.get(before)!;
      this.opened.delete(before);
      this.opened.set(key, { ...open, alert: { ...open.alert, key } });
      this.pending.delete(key);
    }
  }

  /** Closes alerts at once: their subject is not to be reported any more. */
  withdraw(now_ms: number, which: (alert: Alert) => boolean): AlertChange[] {
    const changes: AlertChange[] = [];
    for (const open of this.opened.values()) if (which(open.alert)) changes.push(this.resolve(now_ms, open));
    return changes;
  }

  /** Keys of which an open alert speaks. */
  private replaced(): Set<string> {
    return new Set([...this.opened.values()].flatMap(({ instead_of }) => instead_of));
  }

  /** The same, and keys of which an alert will speak when its trouble lasts. */
  private suppressedBy(findings: readonly Finding[]): Set<string> {
    const suppressed = this.replaced();
    for (const { key, severity, instead_of = [] } of findings) {
      if (severity !== null || this.opened.has(key)) for (const milder of instead_of) suppressed.add(milder);
    }
    return suppressed;
  }

  private wait(now_ms: number, step_ms: number, finding: Finding): AlertChange | null {
    const { key, severity, holds } = finding;
    const pending = this.pending.get(key);
    if (severity === null) {
      // Between the edges of the hysteresis time stands still.
      if (!holds) this.pending.delete(key);
      else if (pending !== undefined) pending.bad = false;
      return null;
    }
    const held_ms = pending === undefined ? 0 : pending.held_ms + (pending.bad ? step_ms : 0);
    const mildest = pending === undefined ? severity : milder(severity, pending.severity);
    if (held_ms >= finding.for_ms) {
      this.pending.delete(key);
      return this.begin(now_ms, finding, mildest);
    }
    const { uid } = finding.subject;
    if (pending === undefined && !this.room.take(uid)) return null;
    this.pending.set(key, { held_ms, bad: true, severity: mildest, uid });
    return null;
  }

  private begin(now_ms: number, finding: Finding, severity: Severity): AlertChange | null {
    if (!this.hasRoomFor(finding, severity)) return null;
    const quiet = this.resolved.has(finding.key);
    this.resolved.delete(finding.key);
    const alert: Alert = {
      id: this.options.nextId(),
      key: finding.key,
      status: 'open',
      opened_ms: now_ms,
      updated_ms: now_ms,
      resolved_ms: null,
      ...told(finding),
      severity,
    };
    this.opened.set(finding.key, {
      alert,
      clear_ms: finding.clear_ms,
      clear_since_ms: null,
      shift: null,
      said_ms: now_ms,
      said_processes: finding.subject.processes.length,
      instead_of: finding.instead_of ?? [],
    });
    return { type: 'alert_opened', time_ms: now_ms, alert, ...(quiet && { quiet: true }) };
  }

  private hasRoomFor({ subject }: Finding, severity: Severity): boolean {
    const mild = severityRank(severity) < severityRank('high');
    const room = new Quota(this.options.max_open * (mild ? MILD_SHARE : 1));
    for (const { alert } of this.opened.values()) room.add(alert.subject.uid);
    return room.hasRoomFor(subject.uid);
  }

  private follow(now_ms: number, open: Open, finding: Finding): AlertChange | null {
    open.clear_ms = finding.clear_ms;
    open.instead_of = finding.instead_of ?? [];
    if (!finding.holds && finding.severity === null) return this.clear(now_ms, open, open.clear_ms);
    open.clear_since_ms = null;
    // What only keeps it open is not high or critical any more; a warning stays what it is.
    const severity = finding.severity ?? milder(open.alert.severity, 'warning');
    const shifted = this.shift(now_ms, open, severity);
    const processes = finding.subject.processes.length;
    const grew =
      processes >= Math.max(1, open.said_processes) * GREW_BY && now_ms - open.said_ms >= GREW_AFTER_MS;
    open.alert = { ...open.alert, ...told(finding), severity: shifted ?? open.alert.severity };
    if (shifted === null && !grew) return null;
    open.shift = null;
    open.said_ms = now_ms;
    open.said_processes = processes;
    open.alert = { ...open.alert, updated_ms: now_ms };
    return { type: 'alert_updated', time_ms: now_ms, alert: open.alert };
  }

  /** The severity to change to, when another one has lasted: the nearest to the present one of that time. */
  private shift(now_ms: number, open: Open, severity: Severity): Severity | null {
    const present = open.alert.severity;
    if (severity === present) {
      open.shift = null;
      return null;
    }
    const worse = severityRank(severity) > severityRank(present);
    const sameWay =
      open.shift !== null && severityRank(open.shift.severity) > severityRank(present) === worse;
    if (open.shift === null || !sameWay) open.shift = { severity, since_ms: now_ms };
    else open.shift.severity = (worse ? milder : graver)(severity, open.shift.severity);
    const lasted_ms = now_ms - open.shift.since_ms;
    return lasted_ms >= (worse ? WORSE_AFTER_MS : MILDER_AFTER_MS) ? open.shift.severity : null;
  }

  private clear(now_ms: number, open: Open, clear_ms: number): AlertChange | null {
    open.shift = null;
    open.clear_since_ms ??= now_ms;
    return now_ms - open.clear_since_ms >= clear_ms ? this.resolve(now_ms, open) : null;
  }

  private resolve(now_ms: number, open: Open): AlertChange {
    const { key } = open.alert;
    this.opened.delete(key);
    this.resolved.set(key, now_ms);
    if (this.resolved.size > RESOLVED_MAX) this.resolved.delete(this.resolved.keys().next().value!);
    const alert: Alert = { ...open.alert, status: 'resolved', updated_ms: now_ms, resolved_ms: now_ms };
    return { type: 'alert_resolved', time_ms: now_ms, alert };
  }

  private forgetDurations(): void {
    this.pending.clear();
    for (const open of this.opened.values()) {
      open.shift = null;
      open.clear_since_ms = null;
    }
  }
}

/** The part of an alert that a finding tells. */
function told({ rule, title, text, suggestion, subject, numbers }: Finding) {
  return { rule, title, text, suggestion, subject, numbers };
}

function milder(a: Severity, b: Severity): Severity {
  return severityRank(a) < severityRank(b) ? a : b;
}

function graver(a: Severity, b: Severity): Severity {
  return severityRank(a) > severityRank(b) ? a : b;
}

function bySeverity(findings: readonly Finding[]): Finding[] {
  const order = ({ severity }: Finding) => (severity === null ? -1 : severityRank(severity));
  return [...findings].sort((a, b) => order(b) - order(a));
}
