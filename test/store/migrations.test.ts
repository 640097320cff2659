import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { HOST_FIGURES } from '../../src/sources/host/index.js';
import { MIGRATIONS } from '../../src/store/migrations/index.js';
import { migrate } from '../../src/store/migrations/migrate.js';
import { columnOf, figureOf } from '../../src/store/sample/columns.js';

const tables = (db: Sqlite.Database) =>
  db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all();
const version = (db: Sqlite.Database) => db.pragma('user_version', { simple: true });

describe('migrations', () => {
  it('are numbered without gaps', () => {
    expect(MIGRATIONS.map(migration => migration.version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  it.each(MIGRATIONS.map((_, i) => i))('from version %i lead to the tables of today', older => {
    const [old, fresh] = [new Sqlite(':memory:'), new Sqlite(':memory:')];
    migrate(old, MIGRATIONS.slice(0, older));
    migrate(old);
    migrate(fresh);
    expect(tables(old)).toEqual(tables(fresh));
    expect(version(old)).toBe(MIGRATIONS.length);
  });

  it('have a column for every figure of the machine, which says what it holds', () => {
    const db = new Sqlite(':memory:');
    migrate(db);
    const columns = (table: string) =>
      (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name);
    const figures = HOST_FIGURES.map(columnOf);
    const names = figures.map(({ column }) => column);
    expect(columns('host_samples').slice(1).sort()).toEqual(names.toSorted());
    expect(columns('host_minutes').slice(2).sort()).toEqual(
      names.flatMap(name => [name, `${name}_min`, `${name}_max`]).sort(),
    );
    expect(names.map(figureOf)).toEqual(figures);
  });

  const later = [
    ...MIGRATIONS,
    { version: MIGRATIONS.length + 1, sql: 'ALTER TABLE alerts ADD COLUMN colour TEXT' },
  ];

  it('keep what is there', () => {
    const db = new Sqlite(':memory:');
    migrate(db);
    db.exec(`INSERT INTO whitelist VALUES (1, 'node', 'name', NULL, 5)`);
    migrate(db, later);
    expect(version(db)).toBe(later.length);
    expect(db.prepare('SELECT pattern FROM whitelist').pluck().get()).toBe('node');
    expect(() => db.prepare('SELECT colour FROM alerts').all()).not.toThrow();
  });

  it('that fail change nothing at all', () => {
    const db = new Sqlite(':memory:');
    migrate(db);
    const before = tables(db);
    const broken = [...later, { version: later.length + 1, sql: 'CREATE TABLE x (a); nonsense' }];
    expect(() => migrate(db, broken)).toThrow(/nonsense/);
    expect(tables(db)).toEqual(before);
    expect(version(db)).toBe(MIGRATIONS.length);
  });
});
