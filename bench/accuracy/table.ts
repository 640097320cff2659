import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRecogniser } from '../../src/agents/types/index.js';
import { replay } from '../../src/standalone/replay.js';
import { speakers } from '../../test/lab/speakers.js';
import { addTested } from '../../test/lab/tested.js';
import { makeDay } from '../day/day.js';
import { byPid, heardFrom } from '../day/judge.js';
import { readRecordings } from '../day/recordings.js';
import { matchSession } from './match.js';
import { type Row, readPieces, rowOf } from './pieces.js';
import { spread } from './report.js';

/**
 * One table of all that was played: the pieces that `main.js` left in DIR/pieces, and the recordings of the tests, as many as
 * six desks play in so many hours of their time.
 *
 *   node build/lab/bench/accuracy/table.js [--out DIR] [--hours 2] [--tested]
 *
 * `--tested` adds them to docs/tested-agents.md, as `make lab-matrix` does.
 */
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'build/accuracy' },
    hours: { type: 'string', default: '2' },
    tested: { type: 'boolean', default: false },
  },
});

const folder = join(resolve(values.out), 'pieces');
const pieces = existsSync(folder) ? readPieces(folder) : [];
const rows = [...pieces.flatMap(piece => piece.rows), ...recorded(Number(values.hours))];
const broken = pieces.flatMap(piece => piece.broken);

for (const by of ['agent', 'place', 'scenario', 'played'] as const) print(by);
total();
for (const one of rows.filter(({ verdict }) => verdict !== 'matched'))
  console.log(
    `${one.verdict} ${one.agent} ${one.place} ${one.scenario}: true ${one.truth}, said ${one.said}`,
  );
for (const { agent, place, scenario, problem } of broken)
  console.log(`not counted, the lab failed: ${agent} ${place} ${scenario}: ${problem}`);
if (values.tested) addTested(pieces);

/** The recordings, played again and again at six desks at once: what one of them is alone, it must be among others. */
function recorded(hours: number): Row[] {
  const day = makeDay(readRecordings(), {
    ...{ length_ms: hours * 3_600_000, desks: 6, seed: 1 },
    pause_ms: [2_000, 60_000],
  });
  const options = { wait_threshold_ms: 1_000, stall_after_ms: 300_000, exited_keep_ms: 60_000 };
  const transitions = replay(day.observations, { ...options, self_reported: true }, createRecogniser());
  const telling = speakers(day.observations, day.truth);
  const said = byPid(transitions);
  const up = [{ from_ms: 0, to_ms: Number.POSITIVE_INFINITY }];
  return [...byPid(day.truth)].flatMap(([pid, truth]) => {
    const heard = (said.get(pid) ?? []).map(heardFrom);
    const { lines, false_waits } = matchSession(truth, heard, up, telling.has(pid) ? 'kind' : 'state');
    const { agent, scenario } = truth[0]!;
    const longest_ms = Math.max(0, ...false_waits.map(({ length_ms }) => length_ms));
    const from = { agent, version: null, place: 'tmux', scenario, played: 'recorded' as const };
    return lines.map(line => rowOf(line, from, longest_ms));
  });
}

function print(by: 'agent' | 'place' | 'scenario' | 'played'): void {
  console.log(`${by.padEnd(22)}   true  right  wrong    p50    p95    max ms`);
  for (const name of [...new Set(rows.map(row => row[by]))].sort())
    console.log(
      line(
        name,
        rows.filter(row => row[by] === name),
      ),
    );
  console.log('');
}

function line(name: string, own: readonly Row[]): string {
  const delays = spread(own.flatMap(({ delay_ms }) => (delay_ms === null ? [] : [delay_ms])));
  const right = own.filter(({ verdict }) => verdict === 'matched').length;
  const truths = own.filter(({ truth }) => truth !== null).length;
  const cells = [truths, right, own.length - right, delays.p50, delays.p95, delays.max];
  return `${name.padEnd(22)}${cells.map(cell => cell.toFixed(0).padStart(7)).join('')}`;
}

function total(): void {
  const right = rows.filter(({ verdict }) => verdict === 'matched').length;
  const asked = rows.filter(({ truth }) => truth === 'WAITING approval');
  const missing = asked.filter(({ verdict }) => verdict !== 'matched').length;
  const longest_ms = Math.max(0, ...rows.map(({ false_wait_ms }) => false_wait_ms));
  console.log(line('all', rows));
  console.log(`right, with the reason: ${((100 * right) / Math.max(1, rows.length)).toFixed(2)} %`);
  console.log(`approvals: ${asked.length}, of these not told: ${missing}`);
  console.log(`longest WAITING that was WORKING: ${longest_ms.toFixed(0)} ms`);
}
