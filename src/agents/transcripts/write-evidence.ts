import type { FileId } from '../../lib/files/file-tree.js';
import { statFile } from '../../lib/files/stat-file.js';
import { openFiles } from '../../lib/proc/descriptors.js';
import { writtenBytes } from '../../lib/proc/io.js';
import { type Conversation, type ConversationReader, servesMany } from './assign.js';

/** Who draws or writes less than this between two looks did not work. */
const SILENT_BYTES = 64;
/** Who works writes at least as much: its conversation, or its screen. */
const WORKING_BYTES = 512;
/** Descriptors of a process that are looked at. */
const MAX_DESCRIPTORS = 1_024;

interface Written {
  before: number;
  now: number;
}

/** Which process wrote a file, from what the kernel knows of processes: what it holds open, how much it has written. */
export class WriteEvidence {
  /** `wchar` of proc_pid_io(5) as the last look began. */
  private readonly counts = new Map<ConversationReader, number>();
  private readonly written = new Map<ConversationReader, Written>();
  private readonly held = new Map<ConversationReader, ReadonlySet<string>>();
  private fresh = new Map<ConversationReader, number>();

  begin(readers: ReadonlySet<ConversationReader>): void {
    this.written.clear();
    this.held.clear();
    this.fresh = new Map();
    for (const reader of readers) {
      const count = writtenBytes('/proc', reader.session.pid);
      if (count !== null) this.fresh.set(reader, count);
    }
  }

  /** What is counted from now on is new at the next look. */
  end(): void {
    this.counts.clear();
    for (const [reader, count] of this.fresh) this.counts.set(reader, count);
  }

  /** Null: it cannot be told. `grown`: by so many bytes since the look before. */
  writer(
    { cwd, path, owner }: Pick<Conversation, 'cwd' | 'path' | 'owner'>,
    grown: number,
    file: FileId | null,
    readers: ReadonlySet<ConversationReader>,
  ): ConversationReader | null {
    const candidates = [...readers].filter(reader => reader.session.cwd === cwd || servesMany(reader));
    const holders = file === null ? [] : candidates.filter(reader => this.holds(reader, path, file));
    if (holders.length === 1) return holders[0]!;
    if (grown === 0 || candidates.length < 2) return null;
    const active = candidates.filter(reader => (this.writtenBy(reader) ?? WORKING_BYTES) >= SILENT_BYTES);
    const [one] = active;
    if (one === undefined || active.length > 1 || (owner !== null && !candidates.includes(owner)))
      return null;
    return (this.writtenBy(one) ?? 0) >= Math.min(grown, WORKING_BYTES) ? one : null;
  }

  /** It has written something since the look before began; null: not known. */
  wrote(reader: ConversationReader): boolean | null {
    const bytes = this.writtenBy(reader);
    return bytes === null ? null : bytes >= SILENT_BYTES;
  }

  /** Since the look before began; null: not known. */
  private writtenBy(reader: ConversationReader): number | null {
    const before = this.counts.get(reader);
    if (before === undefined) return null;
    const known = this.written.get(reader);
    if (known !== undefined) return known.now - known.before;
    const now = writtenBytes('/proc', reader.session.pid);
    if (now === null) return null;
    this.written.set(reader, { before, now });
    return now - before;
  }

  private holds(reader: ConversationReader, path: string, { dev, ino }: FileId): boolean {
    const held = this.held.get(reader) ?? heldFiles(reader.session.pid);
    this.held.set(reader, held);
    if (held.size === 0) return false;
    return held.has(`${dev}:${ino} ${path.slice(path.lastIndexOf('/') + 1)}`);
  }
}

/** Logs that a process has open, by device, inode and name. */
function heldFiles(pid: number): ReadonlySet<string> {
  const held = new Set<string>();
  try {
    for (const { link, target } of openFiles('/proc', pid, MAX_DESCRIPTORS)) {
      const stat = target.endsWith('.jsonl') ? statFile(link) : null;
      if (stat !== null) held.add(`${stat.dev}:${stat.ino} ${target.slice(target.lastIndexOf('/') + 1)}`);
    }
  } catch {
    // It may not be looked at, or has ended.
  }
  return held;
}
