import { bytesFromHex, integer } from './hex.js';

/** One line of a program, still untyped: its kind, and what all event lines have in common. */
export interface Line {
  kind: string;
  cpu: number;
  seq: number;
  /** Nanoseconds of the kernel's clock. */
  nsecs: number;
  /** The whole numbers that follow, as many as the kind has. */
  numbers: number[];
  bytes: Buffer;
}

export type Item =
  | { type: 'event'; line: Line }
  | { type: 'heartbeat'; nsecs: number; dropped: number }
  | { type: 'counts'; counts: Map<number, number> }
  | { type: 'map'; name: string; entries: Map<string, number> }
  | { type: 'ignored' }
  | { type: 'unparsed' };

/** How many numbers stand between the time and the bytes of each kind of line. */
const NUMBERS: Record<string, number> = {
  F: 2, // pid ppid
  E: 5, // pid ppid uid argv_bytes path_bytes
  A: 2, // pid offset
  X: 4, // pid status sender_pid sender_signal
  O: 1, // pid
  W: 5, // pid index writes bytes last
  S: 2, // pid index
  K: 3, // bytes flags group
  R: 2, // pid what
};

/** Lines of bpftrace itself that carry nothing for us. Its own report of lost events is not to be believed. */
const IGNORED = new Set(['attached_probes', 'helper_error', 'lost_events', 'time']);

/** One line of `bpftrace -f json`; never throws. */
export function parseLine(text: string): Item {
  if (text.trim() === '') return { type: 'ignored' };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { type: 'unparsed' };
  }
  if (typeof json !== 'object' || json === null) return { type: 'unparsed' };
  const { type, data } = json as { type?: unknown; data?: unknown };
  if (type === 'printf' && typeof data === 'string') return parsePrintf(data);
  if (type === 'map' && typeof data === 'object' && data !== null) return parseMap(data);
  if (typeof type === 'string' && IGNORED.has(type)) return { type: 'ignored' };
  return { type: 'unparsed' };
}

function parsePrintf(data: string): Item {
  const words = data.trimEnd().split(' ');
  const kind = words[0]!;
  if (kind === 'H') {
    const nsecs = integer(words[1]);
    const dropped = words.length > 2 ? integer(words[2]) : 0;
    if (nsecs === null || dropped === null || words.length > 3) return { type: 'unparsed' };
    return { type: 'heartbeat', nsecs, dropped };
  }
  const count = Object.hasOwn(NUMBERS, kind) ? NUMBERS[kind]! : -1;
  if (count < 0 || words.length < 4 + count) return { type: 'unparsed' };
  const numbers: number[] = [];
  for (let i = 1; i < 4 + count; i++) {
    const number = integer(words[i]);
    if (number === null) return { type: 'unparsed' };
    numbers.push(number);
  }
  const bytes = bytesFromHex(words.slice(4 + count).filter(word => word !== ''));
  if (bytes === null) return { type: 'unparsed' };
  const [cpu, seq, nsecs] = numbers as [number, number, number];
  if (cpu < 0 || seq < 1) return { type: 'unparsed' };
  return { type: 'event', line: { kind, cpu, seq, nsecs, numbers: numbers.slice(3), bytes } };
}

function parseMap(data: object): Item {
  const [entry, ...rest] = Object.entries(data);
  if (entry === undefined || rest.length > 0) return { type: 'unparsed' };
  const [name, value] = entry as [string, unknown];
  if (typeof value !== 'object' || value === null) return { type: 'ignored' }; // a scalar, printed at exit
  const entries = new Map<string, number>();
  for (const [key, number] of Object.entries(value)) {
    if (typeof number !== 'number') return { type: 'ignored' };
    entries.set(key, number);
  }
  if (name !== '@seq') return { type: 'map', name, entries };
  const counts = new Map<number, number>();
  for (const [key, number] of entries) {
    const cpu = integer(key);
    if (cpu === null || cpu < 0) return { type: 'unparsed' };
    counts.set(cpu, number);
  }
  return { type: 'counts', counts };
}
