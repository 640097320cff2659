import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { FIRST_PROMPT } from '../../test/lab/truth.js';
import type { Line, Verdict } from './match.js';

/** One true transition, or what was said besides, of one played scenario. */
export interface Row {
  agent: string;
  /** Null: not known. */
  version: string | null;
  place: string;
  scenario: string;
  /** `real`: beside a daemon, with the real program; `recorded`: from what a daemon recorded of it. */
  played: 'real' | 'recorded';
  verdict: Verdict;
  /** What was true; null of what was said too much. */
  truth: string | null;
  said: string | null;
  /** Null: not matched, or the screen tells the truth too late to compare. */
  delay_ms: number | null;
  /** WAITING was said for so long at most while this session worked. */
  false_wait_ms: number;
}

/** What was played at one time. */
export interface Piece {
  rows: Row[];
  /** What the lab itself could not play. */
  broken: Broken[];
  /** Of the machine at its end: how many wanted one of its processors. */
  load: number;
}

export interface Broken extends From {
  problem: string;
}

type From = Pick<Row, 'agent' | 'version' | 'place' | 'scenario' | 'played'>;

export function rowOf({ verdict, truth, heard, delay_ms }: Line, from: From, false_wait_ms: number): Row {
  const isClear = truth !== undefined && truth.by !== FIRST_PROMPT && truth.by !== 'vigil started';
  return {
    ...from,
    verdict,
    truth: truth === undefined ? null : `${truth.state} ${truth.reason}`,
    said: heard === undefined ? null : `${heard.event.to} ${heard.event.reason}`,
    delay_ms: isClear && delay_ms !== undefined ? delay_ms : null,
    false_wait_ms,
  };
}

export function writePiece(folder: string, rows: Row[], broken: Broken[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${Date.now()}.json`), JSON.stringify({ rows, broken, load: loadavg()[0] }));
}

export function readPieces(folder: string): Piece[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.json'));
  return names.sort().map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Piece);
}
