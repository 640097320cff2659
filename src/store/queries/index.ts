import type { Database } from 'better-sqlite3';
import { hostSeries } from './host-series.js';
import { topOfPeriod } from './processes.js';
import {
  actionsOf,
  alertById,
  alertsByRule,
  alertsOf,
  baselines,
  diagnosesOf,
  diagnosisUsage,
  openAlerts,
  transitionsOf,
} from './records.js';
import { sessionTotals } from './sessions.js';

/** Everything that can be asked, by name. */
export const QUERIES = {
  hostSeries,
  sessionTotals,
  topOfPeriod,
  alertsByRule,
  alertById,
  alertsOf,
  openAlerts,
  actionsOf,
  diagnosesOf,
  diagnosisUsage,
  transitionsOf,
  baselines,
};

export type Queries = typeof QUERIES;
export type QueryName = keyof Queries;
/** What is asked, without the database. */
export type QueryArguments<N extends QueryName> =
  Parameters<Queries[N]> extends [Database, ...infer Rest] ? Rest : never;
export type QueryResult<N extends QueryName> = ReturnType<Queries[N]>;
