import { parseArgs } from 'node:util';
import { defaultConfig } from '../../src/config/schema.js';
import { speakers } from '../../test/lab/speakers.js';
import { makeDay } from './day.js';
import { judge } from './judge.js';
import { play } from './play.js';
import { readRecordings } from './recordings.js';

/**
 * A working day in seconds: real sessions of real agents, as they were recorded, at six desks for eight hours of their
 * time, and what vigil says of them and pops up. `node build/day/bench/day/main.js [--hours 8] [--desks 6] [--seed 1]`
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '8' },
    desks: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
  },
});

const HOUR_MS = 3_600_000;
const day = makeDay(readRecordings(), {
  length_ms: Number(values.hours) * HOUR_MS,
  desks: Number(values.desks),
  pause_ms: [5_000, 300_000],
  seed: Number(values.seed),
});
console.log(
  `${values.hours} h, ${values.desks} desks, ${day.sessions} sessions, ${day.observations.length} observations\n`,
);
const { notifications } = defaultConfig();
let faults = 0;
for (const self_reported of [true, false]) {
  const start_ms = performance.now();
  const played = play(day.observations, { notifications, self_reported });
  const took_s = ((performance.now() - start_ms) / 1000).toFixed(1);
  const judged = judge(day.truth, played, {
    min_work_ms: notifications.min_work_seconds * 1000,
    telling: self_reported ? speakers(day.observations, day.truth) : new Set(),
  });
  const { popups } = judged;
  console.log(self_reported ? 'With what agents say of themselves' : 'By terminal activity alone (states)');
  console.log(`  states  ${judged.right} of ${judged.transitions} right, ${judged.faults.length} faults`);
  const [longest] = judged.false_waits;
  if (longest !== undefined)
    console.log(
      `          longest false WAITING ${Math.round(longest.length_ms)} ms: ${longest.agent}, ${longest.scenario}`,
    );
  console.log(
    `  popups  ${popups.shown} shown, ${popups.due} due, ${popups.wrong.length} wrong, ${popups.missing.length} missing`,
  );
  console.log(`  played in ${took_s} s`);
  for (const one of [...judged.faults, ...popups.wrong, ...popups.missing].slice(0, 20))
    console.log(`    ${one}`);
  if (self_reported) faults = judged.faults.length + popups.wrong.length + popups.missing.length;
}
process.exitCode = faults === 0 ? 0 : 1;
