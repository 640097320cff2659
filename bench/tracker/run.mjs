// What an observation costs the tracker: all recorded sessions, each by itself, with the deadlines that fall due between.
// Usage: node bench/tracker/run.mjs [--rounds 7] [--root DIR]   after `make build`. `--root`: another checkout, to compare with.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, root: { type: 'string', default: here } },
});
const load = path => import(join(values.root, 'dist', path));
const { Tracker } = await load('agents/tracker/tracker.js');
const { createRecogniser } = await load('agents/types/index.js');
const { parseRecording } = await load('standalone/replay.js');
const OPTIONS = {
  wait_threshold_ms: 1_000,
  stall_after_ms: 300_000,
  exited_keep_ms: 60_000,
  self_reported: true,
};

const folder = join(here, 'test/recordings');
const recordings = readdirSync(folder)
  .filter(name => name.endsWith('.jsonl') && !name.endsWith('.truth.jsonl'))
  .flatMap(name => {
    try {
      return [parseRecording(readFileSync(join(folder, name), 'utf8'))];
    } catch {
      return []; // of another version than that checkout's
    }
  });

/** Observations and deadlines taken in, and the CPU time of all. */
function play() {
  let count = 0;
  const begin = process.cpuUsage();
  for (const observations of recordings) {
    const tracker = new Tracker(OPTIONS, createRecogniser());
    for (const observation of observations) {
      for (;;) {
        const due_ms = tracker.nextDeadline() ?? Number.POSITIVE_INFINITY;
        if (due_ms > observation.time_ms) break;
        tracker.apply({ type: 'clock', time_ms: due_ms });
        count++;
      }
      if (tracker.concerns(observation)) tracker.apply(observation);
      count++;
    }
  }
  const { user, system } = process.cpuUsage(begin);
  return { count, us: (user + system) / count };
}

play(); // as a daemon that has run for a while
const rounds = Array.from({ length: Number(values.rounds) }, play);
const us = rounds.map(round => round.us).sort((a, b) => a - b);
console.log(
  `${recordings.length} recordings, ${rounds[0].count} observations and deadlines: ` +
    `${us[us.length >> 1].toFixed(2)} µs each (${us[0].toFixed(2)} to ${us.at(-1).toFixed(2)}), CPU of all threads`,
);
