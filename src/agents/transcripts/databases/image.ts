import type { FileTree } from '../../../lib/files/file-tree.js';

/** Larger databases of containers are not read: each reading takes a copy. */
export const MAX_DATABASE_BYTES = 32 * 1024 ** 2;
/** SQLite begins its journal anew at 4 MB, unless somebody reads for long. */
const MAX_JOURNAL_BYTES = 16 * 1024 ** 2;
/** https://www.sqlite.org/fileformat2.html, "The Write-Ahead Log": header, then a header and a page for each frame. */
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const WAL_MAGIC = 0x377f0682;
const DATABASE_HEADER_BYTES = 100;
/** Offsets in the database's header: page size; 2 for "has a write-ahead log", as writer and as reader. */
const PAGE_SIZE_AT = 16;
const VERSIONS_AT = 18;

/** `larger`: than may be copied. Null: there is none that can be read at this moment. */
export type DatabaseImage = Buffer | 'larger' | null;

/**
 * A copy of a SQLite database with what is committed in its journal, to be opened from memory. So nothing is opened,
 * locked or made below a tree that may be hostile but plain files of `uid`, and SQLite, which would follow every name
 * itself, sees none of it.
 */
export function databaseImage(tree: FileTree, path: string, uid: number): DatabaseImage {
  const before = journalHeader(tree, path, uid);
  const database = tree.bytes(path, { uid, max_bytes: MAX_DATABASE_BYTES });
  if (!database.ok) return database.size !== undefined ? 'larger' : null;
  const journal = tree.bytes(`${path}-wal`, { uid, max_bytes: MAX_JOURNAL_BYTES });
  if (!journal.ok) return journal.size !== undefined ? 'larger' : withJournal(database.bytes, NO_JOURNAL);
  // It was begun anew in between: what it held is in neither copy.
  if (!before.equals(journal.bytes.subarray(0, WAL_HEADER_BYTES))) return null;
  return withJournal(database.bytes, journal.bytes);
}

const NO_JOURNAL = Buffer.alloc(0);

function journalHeader(tree: FileTree, path: string, uid: number): Buffer {
  const read = tree.bytes(`${path}-wal`, { uid, max_bytes: WAL_HEADER_BYTES, part: 'head' });
  return read.ok ? read.bytes : NO_JOURNAL;
}

/** The pages of the database, those of the journal's committed frames over them. Null: it is no database. */
export function withJournal(database: Buffer, journal: Buffer): Buffer | null {
  if (
    database.length < DATABASE_HEADER_BYTES ||
    !database.toString('latin1', 0, 15).startsWith('SQLite format 3')
  )
    return null;
  const size = database.readUInt16BE(PAGE_SIZE_AT);
  const page_bytes = size === 1 ? 65_536 : size;
  if (page_bytes < 512 || (page_bytes & (page_bytes - 1)) !== 0) return null;
  const { pages, count } = committed(journal, page_bytes);
  const image = Buffer.alloc(count === null ? database.length : count * page_bytes);
  database.copy(image);
  for (const [number, page] of pages) page.copy(image, (number - 1) * page_bytes);
  // In memory there is no journal.
  image.writeUInt16BE(0x0101, VERSIONS_AT);
  return image;
}

interface Committed {
  /** By number, from 1 on. */
  pages: Map<number, Buffer>;
  /** How many pages the database has with them; null: nothing is committed. */
  count: number | null;
}

/** Frames count up to the last commit, as far as each is of this round (its salt) and whole (its checksum). */
function committed(journal: Buffer, page_bytes: number): Committed {
  const result: Committed = { pages: new Map(), count: null };
  if (journal.length < WAL_HEADER_BYTES) return result;
  const magic = journal.readUInt32BE(0);
  if (magic >>> 1 !== WAL_MAGIC >>> 1 || journal.readUInt32BE(8) !== page_bytes) return result;
  const sum = new Checksum((magic & 1) === 1);
  sum.add(journal.subarray(0, 24));
  if (!sum.isAt(journal, 24)) return result;
  const open = new Map<number, Buffer>();
  const frame_bytes = FRAME_HEADER_BYTES + page_bytes;
  for (let at = WAL_HEADER_BYTES; at + frame_bytes <= journal.length; at += frame_bytes) {
    const page = journal.subarray(at + FRAME_HEADER_BYTES, at + frame_bytes);
    sum.add(journal.subarray(at, at + 8));
    sum.add(page);
    const isOfThisRound = journal.compare(journal, 16, 24, at + 8, at + 16) === 0;
    if (!isOfThisRound || !sum.isAt(journal, at + 16)) break;
    open.set(journal.readUInt32BE(at), page);
    const count = journal.readUInt32BE(at + 4);
    if (count === 0) continue;
    if (count * page_bytes > MAX_DATABASE_BYTES) break;
    for (const [number, bytes] of open) result.pages.set(number, bytes);
    open.clear();
    result.count = count;
  }
  for (const number of result.pages.keys())
    if (number < 1 || number > result.count!) result.pages.delete(number);
  return result;
}

/** Of all that was added so far: two sums over pairs of 32-bit numbers. */
class Checksum {
  private one = 0;
  private two = 0;

  constructor(private readonly isBigEndian: boolean) {}

  add(bytes: Buffer): void {
    let { one, two } = this;
    for (let at = 0; at < bytes.length; at += 8) {
      one = (one + this.number(bytes, at) + two) | 0;
      two = (two + this.number(bytes, at + 4) + one) | 0;
    }
    this.one = one;
    this.two = two;
  }

  isAt(bytes: Buffer, at: number): boolean {
    return bytes.readInt32BE(at) === this.one && bytes.readInt32BE(at + 4) === this.two;
  }

  private number(bytes: Buffer, at: number): number {
    return this.isBigEndian ? bytes.readInt32BE(at) : bytes.readInt32LE(at);
  }
}
