import type { ProcessRef } from '../model/snapshot.js';

/** What is kept beside the samples: rows that others hand in and get back. Times are ms since the epoch. */

/** One thing that vigil did, wanted to do, or was kept from doing. */
export interface ActionRecord {
  /** From `Store.nextActionId()`. The same id and time again replaces the record: `result` comes later. */
  id: number;
  time_ms: number;
  /** How much vigil was allowed to do at that moment. */
  mode: string;
  /** Who asked: a rule, `uid 1000`, … */
  requested_by: string;
  alert_id: number | null;
  /** e.g. `terminate` */
  what: string;
  targets: readonly ProcessRef[];
  argv: readonly string[] | null;
  evidence: unknown;
  before: unknown;
  after: unknown;
  /** Null: not ended yet. */
  result: string | null;
}

/** As it is written: lists may be cut. */
export interface StoredAction extends ActionRecord {
  /** Whose processes it was about: uid and how many, of all of them. */
  owners: readonly (readonly [uid: number, targets: number])[];
}

/** As it is read. */
export interface ActionRow extends ActionRecord {
  /** `targets` are some of these. */
  targets_total: number;
  /** Its row in the history is damaged: what could not be read is empty. */
  damaged: boolean;
}

/** One answer of a language model about an alert. */
export interface DiagnosisRecord {
  time_ms: number;
  alert_id: number | null;
  provider: string;
  model: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  /** What it said. */
  answer: unknown;
}

/** What the diagnoses of a period cost. */
export interface DiagnosisUsage {
  requests: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
}

export interface BaselineRecord {
  key: string;
  /** 0 to 23, local. */
  hour: number;
  state: unknown;
}

export interface WhitelistRow {
  id: number;
  pattern: string;
  match_type: 'name' | 'cmdline' | 'regex';
  reason: string | null;
  created_ms: number;
}

export interface Period {
  from_ms: number;
  /** Not included. */
  to_ms: number;
}
