import type { MachineEvent, Snapshot } from '../collectors/snapshot.js';

/** What is remembered to explain a trouble: half an hour, a line a minute. */
const LINES = 30;
const LINE_MS = 60_000;
const JOURNAL = 50;

/** How it came to this, in lines for a model or a person: the machine minute by minute, and its journal. */
export class Recollection {
  private readonly minutes: { time_ms: number; text: string }[] = [];
  private readonly entries: { time_ms: number; text: string }[] = [];

  add(snapshot: Snapshot): void {
    for (const event of snapshot.events) {
      if (event.type === 'journal') this.entries.push({ time_ms: event.time_ms, text: journalText(event) });
    }
    this.entries.splice(0, Math.max(0, this.entries.length - JOURNAL));
    const last_ms = this.minutes.at(-1)?.time_ms ?? Number.NEGATIVE_INFINITY;
    if (snapshot.time_ms - last_ms < LINE_MS) return;
    this.minutes.push({ time_ms: snapshot.time_ms, text: machineText(snapshot) });
    this.minutes.splice(0, Math.max(0, this.minutes.length - LINES));
  }

  history(): string[] {
    return this.minutes.map(line);
  }

  journal(): string[] {
    return this.entries.map(line);
  }
}

function line({ time_ms, text }: { time_ms: number; text: string }): string {
  return `${new Date(time_ms).toTimeString().slice(0, 8)} ${text}`;
}

function journalText(event: Extract<MachineEvent, { type: 'journal' }>): string {
  return `${event.identifier ?? event.unit ?? '?'}: ${event.message}`;
}

function machineText({ host: { memory, cpu, pressure }, processes, sessions }: Snapshot): string {
  const percent = (value: number | null | undefined) => `${Math.round(value ?? 0)} %`;
  const parts = [
    cpu === null ? null : `cpu ${percent(cpu.busy_percent)}, load ${cpu.load1.toFixed(1)}`,
    memory === null
      ? null
      : `memory ${percent((100 * memory.used_bytes) / memory.total_bytes)}, swap ${percent((100 * memory.swap_used_bytes) / Math.max(1, memory.swap_total_bytes))}`,
    pressure?.memory == null ? null : `memory pressure ${percent(pressure.memory.full_avg10)}`,
    `${processes.length} processes`,
    ...sessions.map(
      ({ agent, pid, rss_bytes, pids }) =>
        `${agent} ${pid}: ${Math.round(rss_bytes / 1_048_576)} MB in ${pids.length} processes`,
    ),
  ];
  return parts.filter(part => part !== null).join(', ');
}
