import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentType } from '../../../src/agents/agent-type.js';
import { readDatabase } from '../../../src/agents/transcripts/databases/read.js';
import type { AgentFileReader } from '../../../src/agents/transcripts/reader.js';
import { cline } from '../../../src/agents/types/cline/index.js';
import { opencode } from '../../../src/agents/types/opencode/index.js';
import { pi } from '../../../src/agents/types/pi.js';
import { O_PATH, RootedTree } from '../../../src/lib/files/file-tree.js';
import type { Observation, TranscriptObservation } from '../../../src/model/observation.js';

/** Sessions whose conversations lie in files or databases that name no process. */

const real = (name: string) =>
  readFileSync(new URL(`../../fixtures/conversations/${name}`, import.meta.url), 'utf8');
const uid = process.getuid!();
const cwd = '/home/dev/project';
let home: string;
let open: AgentFileReader[];
let seen: Observation[];

const phases = (pid: number) =>
  seen
    .filter((o): o is TranscriptObservation => o.type === 'transcript' && o.pid === pid)
    .map(o => o.entry?.phase);

/** As if `home` were the root folder of a container. */
const rooted = () => new RootedTree(openSync(home, O_PATH | constants.O_DIRECTORY));

function session(type: AgentType, pid: number, started_ms = Date.now(), tree?: RootedTree): void {
  const reader = type.files!.open({
    session: { pid, uid, cwd, start_ticks: pid, started_ms, session_id: null },
    folder: tree === undefined ? home : '',
    ...(tree !== undefined && { tree }),
    emit: observation => seen.push(observation),
    clock: { now: () => 0, wallTime: time_ms => time_ms },
    log: () => {},
  });
  open.push(reader);
  reader.start();
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vigil-conversations-'));
  open = [];
  seen = [];
});
afterEach(() => {
  for (const reader of open) reader.close();
  rmSync(home, { recursive: true });
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

/** A conversation of pi that began now: its first line names the time. */
function piFile(name: string, began_ms = Date.now()): string {
  const folder = join(home, 'sessions/--home-dev-project--');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.jsonl`);
  const head = { type: 'session', cwd, timestamp: new Date(began_ms).toISOString() };
  writeFileSync(file, `${JSON.stringify(head)}\n`);
  return file;
}
const piSays = (file: string, stopReason?: string) => {
  const message = stopReason === undefined ? { role: 'user' } : { role: 'assistant', stopReason };
  appendFileSync(
    file,
    `${JSON.stringify({ type: 'message', timestamp: new Date().toISOString(), message })}\n`,
  );
};

it('a conversation serves the session that began with it, and no other in the same folder', async () => {
  session(pi, 100, Date.now() - 60_000);
  const first = piFile('first', Date.now() - 59_000);
  piSays(first);
  await until(() => expect(phases(100)).toEqual(['working']));
  session(pi, 200);
  const second = piFile('second');
  piSays(second);
  await until(() => expect(phases(200)).toEqual(['working']));
  piSays(second, 'stop');
  await until(() => expect(phases(200)).toEqual(['working', 'turn_over']));
  expect(phases(100)).toEqual(['working']);
});

it('a conversation in another project, or one that ended before, is nobody’s', async () => {
  const old = piFile('old', Date.now() - 7_200_000);
  piSays(old);
  session(pi, 100, Date.now() + 60_000);
  const own = piFile('own', Date.now() + 60_000);
  piSays(own, 'stop');
  await until(() => expect(phases(100)).toEqual(['turn_over']));
});

it('a file that names its process is that process’s, whichever began first', async () => {
  session(cline, 32028, Date.parse('2026-11-29T01:58:00Z'));
  session(cline, 1, Date.parse('2026-11-29T01:58:00Z'));
  const folder = join(home, 'data/sessions/1795917507188_h34ys');
  mkdirSync(folder, { recursive: true });
  const write = (state: string) => {
    const name = `cline-3.0.65-${state}`;
    writeFileSync(join(folder, '1795917507188_h34ys.messages.json'), real(`${name}.messages.json`));
    writeFileSync(join(folder, '1795917507188_h34ys.json'), real(`${name}.json`));
  };
  write('approval');
  await until(() => expect(phases(32028)).toEqual(['approval']));
  write('question');
  await until(() => expect(phases(32028).at(-1)).toBe('question'));
  expect(phases(1)).toEqual([]);
});

type Rows = Record<'session' | 'message' | 'part', Record<string, string | number | null>[]>;
const recorded = JSON.parse(real('opencode-1.18.33.json')) as Record<string, Rows>;

/** The database as opencode keeps it open while it lives. */
function opencodeWrites(database: Sqlite.Database, state: string): void {
  for (const [table, rows] of Object.entries(recorded[state]!)) {
    const columns = Object.keys(rows[0]!);
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(c => `${c} ${c === 'id' ? 'TEXT PRIMARY KEY' : ''}`).join(', ')})`,
    );
    const insert = database.prepare(
      `INSERT OR REPLACE INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const row of rows) insert.run(Object.values(row));
  }
}

function opencodeDatabase(): Sqlite.Database {
  const database = new Sqlite(join(home, 'opencode.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('wal_autocheckpoint = 0');
  return database;
}

it.each([
  ['here', () => undefined],
  ['in a container', rooted],
])('opencode %s: what its database says, as it is written', async (_, tree) => {
  const database = opencodeDatabase();
  const began_ms = Number(recorded.approval!.session[0]!.time_created);
  session(opencode, 100, began_ms - 5_000, tree());
  const expected: Record<string, string> = {
    ...{ approval: 'tool', running: 'working', question: 'question', err429: 'working', err401: 'auth' },
  };
  for (const [state, phase] of Object.entries(expected)) {
    opencodeWrites(database, state);
    await until(() => expect(phases(100).at(-1)).toBe(phase));
  }
  database.close();
});

it('opencode’s database is left as it was found, and its owner is not kept from writing', () => {
  const database = opencodeDatabase();
  opencodeWrites(database, 'approval');
  const names = () => readdirSync(home).sort();
  const before = names();
  const read = () =>
    readDatabase(join(home, 'opencode.db'), { uid, tables: ['session'] }, view => {
      database.exec('UPDATE session SET time_updated = time_updated + 1');
      return view.rows('SELECT id FROM session').length;
    });
  expect(read()).toBe(1);
  expect(names()).toEqual(before);
  database.close();
  expect(names()).toEqual(['opencode.db']);
  // Nobody has it open: reading would have to make a journal.
  expect(readDatabase(join(home, 'opencode.db'), { uid, tables: ['session'] }, () => 'read')).toBeNull();
  expect(names()).toEqual(['opencode.db']);
});

it('a database of somebody else, behind a link, or with a view for a table is not read', () => {
  const database = opencodeDatabase();
  database.exec(
    'CREATE VIEW session AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS id FROM n',
  );
  const file = join(home, 'opencode.db');
  const read = (path: string, owner = uid, tables = ['session']) =>
    readDatabase(path, { uid: owner, tables }, () => 'read');
  expect(read(file)).toBeNull();
  expect(read(file, uid, [])).toBe('read');
  expect(read(file, uid + 1, [])).toBeNull();
  for (const end of ['', '-wal', '-shm']) symlinkSync(`${file}${end}`, join(home, `link.db${end}`));
  expect(read(join(home, 'link.db'), uid, [])).toBeNull();
  database.close();
});

/** What a container can do to whoever reads its databases as a copy. */
const copied = (path: string, owner = uid) => {
  const tree = rooted();
  try {
    return readDatabase(path, { uid: owner, tables: ['session'], tree }, view =>
      view.rows('SELECT id, time_updated FROM session').map(row => row.time_updated),
    );
  } finally {
    tree.close();
  }
};

it('a container’s database is read with what is committed and not yet in it, and left as it was found', () => {
  const database = opencodeDatabase();
  opencodeWrites(database, 'approval');
  const names = readdirSync(home).sort();
  database.exec('UPDATE session SET time_updated = 1');
  expect(copied('/opencode.db')).toEqual([1]);
  database.pragma('wal_checkpoint(RESTART)');
  database.exec('UPDATE session SET time_updated = 2');
  expect(copied('/opencode.db')).toEqual([2]);
  database.exec('BEGIN');
  database.pragma('cache_size = 1');
  database.exec('UPDATE session SET time_updated = 3');
  expect(copied('/opencode.db')).toEqual([2]);
  database.exec('COMMIT');
  // The end of the journal as it is while somebody writes there.
  appendFileSync(join(home, 'opencode.db-wal'), Buffer.alloc(4_120 * 3, 7));
  expect(copied('/opencode.db')).toEqual([3]);
  expect(readdirSync(home).sort()).toEqual(names);
  database.close();
});

it('a container’s database may be a trap', () => {
  const database = opencodeDatabase();
  opencodeWrites(database, 'approval');
  expect(copied('/opencode.db', uid + 1)).toBeNull();
  symlinkSync('/opencode.db', join(home, 'link.db'));
  expect(copied('/link.db')).toBeNull();
  execFileSync('mkfifo', [join(home, 'fifo.db'), join(home, 'opencode.db-fifo')]);
  expect(copied('/fifo.db')).toBeNull();
  database.close();
  const whole = readFileSync(join(home, 'opencode.db'));
  // Journals: a FIFO, rubbish, one that claims a database of terabytes.
  execFileSync('mkfifo', [join(home, 'opencode.db-wal')]);
  expect(copied('/opencode.db')).toHaveLength(1);
  rmSync(join(home, 'opencode.db-wal'));
  for (const bytes of [Buffer.alloc(9_000, 0xff), Buffer.alloc(40), whole]) {
    writeFileSync(join(home, 'opencode.db-wal'), bytes);
    expect(copied('/opencode.db')).toHaveLength(1);
  }
  writeFileSync(
    join(home, 'opencode.db'),
    whole.map((byte, i) => (i > 100 && i % 3 === 0 ? 0xff : byte)),
  );
  expect(() => copied('/opencode.db')).not.toThrow();
  for (const page_bytes of [0, 3, 513, 32_769]) {
    whole.writeUInt16BE(page_bytes, 16);
    writeFileSync(join(home, 'opencode.db'), whole);
    expect(copied('/opencode.db')).toBeNull();
  }
  truncateSync(join(home, 'opencode.db'), 1024 ** 4);
  expect(() => copied('/opencode.db')).toThrow('32 MiB');
});
