import { wallTime } from '../../lib/time/time.js';
import type { MachineEvent, SessionSample, Snapshot } from '../../model/snapshot.js';
import type { ViewerUid } from '../../model/viewer.js';

/** What is remembered to explain a trouble: half an hour, a line a minute. */
const LINES = 30;
const LINE_MS = 60_000;
const JOURNAL = 50;

interface Minute {
  time_ms: number;
  /** Of the machine: for everybody. */
  text: string;
  sessions: readonly { uid: number; text: string }[];
}

/** How it came to this, in lines for a model or a person: the machine minute by minute, and its journal. */
export class PromptHistory {
  private readonly minutes: Minute[] = [];
  private readonly entries: { time_ms: number; text: string }[] = [];

  add(snapshot: Snapshot): void {
    for (const event of snapshot.events) {
      if (event.type === 'journal') this.entries.push({ time_ms: event.time_ms, text: journalText(event) });
    }
    this.entries.splice(0, Math.max(0, this.entries.length - JOURNAL));
    const last_ms = this.minutes.at(-1)?.time_ms ?? Number.NEGATIVE_INFINITY;
    if (snapshot.time_ms - last_ms < LINE_MS) return;
    this.minutes.push({
      time_ms: snapshot.time_ms,
      text: machineText(snapshot),
      sessions: snapshot.sessions.map(session => ({ uid: session.uid, text: sessionText(session) })),
    });
    this.minutes.splice(0, Math.max(0, this.minutes.length - LINES));
  }

  /** With the agent sessions of that user, or of everybody. */
  history(viewer_uid: ViewerUid): string[] {
    return this.minutes.map(({ time_ms, text, sessions }) => {
      const seen = sessions.filter(({ uid }) => viewer_uid === null || uid === viewer_uid);
      return line({ time_ms, text: [text, ...seen.map(session => session.text)].join(', ') });
    });
  }

  /** Of the whole system: only for who sees everything. */
  journal(viewer_uid: ViewerUid): string[] {
    return viewer_uid === null ? this.entries.map(line) : [];
  }
}

function line({ time_ms, text }: { time_ms: number; text: string }): string {
  return `${new Date(wallTime(time_ms)).toTimeString().slice(0, 8)} ${text}`;
}

function journalText(event: Extract<MachineEvent, { type: 'journal' }>): string {
  return `${event.identifier ?? event.unit ?? '?'}: ${event.message}`;
}

function machineText({ host: { memory, cpu, pressure }, processes }: Snapshot): string {
  const percent = (value: number | null | undefined) => `${Math.round(value ?? 0)} %`;
  const parts = [
    cpu === null ? null : `cpu ${percent(cpu.busy_percent)}, load ${cpu.load1.toFixed(1)}`,
    memory === null
      ? null
      : `memory ${percent((100 * memory.used_bytes) / memory.total_bytes)}, swap ${percent((100 * memory.swap_used_bytes) / Math.max(1, memory.swap_total_bytes))}`,
    pressure?.memory == null ? null : `memory pressure ${percent(pressure.memory.full_avg10)}`,
    `${processes.length} processes`,
  ];
  return parts.filter(part => part !== null).join(', ');
}

function sessionText({ agent, pid, rss_bytes, pids }: SessionSample): string {
  return `${agent} ${pid}: ${Math.round(rss_bytes / 1_048_576)} MB in ${pids.length} processes`;
}
