import type { Dates } from './dates.js';
import type { Opened } from './engine/engine.js';
import type { Operation } from './operation.js';
import type { QueryArguments, QueryName, QueryResult } from './queries/index.js';
import type { Runner } from './runner.js';

/** Fields that are instants, in whatever the history gives or is asked. */
const INSTANTS: ReadonlySet<string> = new Set([
  ...['time_ms', 'opened_ms', 'updated_ms', 'resolved_ms', 'last_opened_ms', 'created_ms'],
  ...['started_ms', 'ended_ms', 'last_ms', 'from_ms', 'to_ms'],
]);

/** Where more of them are, one level below. */
const PARTS: ReadonlySet<string> = new Set([
  ...['sample', 'sessions', 'processes', 'transition', 'alert', 'action', 'diagnosis', 'row'],
]);

/**
 * A runner whose rows are dated by the wall clock, for a store that counts in vigil's own time. What was dated wrong is
 * dated anew before the next rows are written.
 */
export class DatedRunner implements Runner {
  constructor(
    private readonly runner: Runner,
    private readonly dates: Dates,
    private readonly now: () => number,
    private retention_ms: number,
  ) {}

  async open(): Promise<Opened> {
    const opened = await this.runner.open();
    this.dates.opened(this.now(), opened.newest_ms);
    return { ...opened, whitelist: opened.whitelist.map(row => this.fromRows(row)) };
  }

  async apply(operations: readonly Operation[], durably: boolean): Promise<void> {
    await this.redate(durably);
    await this.runner.apply(
      operations.map(operation => instants(operation, time_ms => Math.round(this.dates.of(time_ms)))),
      durably,
    );
  }

  async maintain(time_ms: number, retention_ms: number | null): Promise<{ more: boolean; bytes: number }> {
    this.retention_ms = retention_ms ?? this.retention_ms;
    await this.redate(false);
    // At the beginning of time nothing is old: only the size is kept.
    const trusted = this.dates.isTrusted(time_ms, this.retention_ms);
    return this.runner.maintain(trusted ? this.dates.of(time_ms) : 0, retention_ms);
  }

  async query<N extends QueryName>(name: N, args: QueryArguments<N>): Promise<QueryResult<N>> {
    await this.redate(false);
    // From the beginning of time on is what it says.
    const dateOf = (time_ms: number) => (time_ms <= 0 ? time_ms : this.dates.of(time_ms));
    const asked = (args as unknown[]).map(arg => instants(arg, dateOf));
    return this.fromRows(await this.runner.query(name, asked as QueryArguments<N>));
  }

  moveAside(time_ms: number): Promise<string> {
    return this.runner.moveAside(this.dates.of(time_ms));
  }

  close(): Promise<void> {
    return this.runner.close();
  }

  private async redate(durably: boolean): Promise<void> {
    const { redating, settled } = this.dates.look(this.now());
    if (redating !== null) await this.runner.apply([{ type: 'redate', redating }], durably);
    settled();
  }

  private fromRows<T>(rows: T): T {
    return Array.isArray(rows)
      ? (rows.map(row => this.fromRows(row)) as T)
      : instants(rows, date_ms => this.dates.from(date_ms));
  }
}

/** The same with each instant in it replaced. */
export function instants<T>(value: T, replace: (time_ms: number) => number): T {
  if (Array.isArray(value)) return value.map(each => instants(each, replace)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const replaced = { ...value } as Record<string, unknown>;
  for (const [name, own] of Object.entries(value)) {
    if (typeof own === 'number' && INSTANTS.has(name)) replaced[name] = replace(own);
    else if (PARTS.has(name)) replaced[name] = instants(own, replace);
  }
  return replaced as T;
}
