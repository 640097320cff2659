import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultConfig } from '../../src/config/schema.js';
import { speakers } from '../../test/lab/speakers.js';
import { type Day, makeDay } from './day.js';
import { type Judged, judge } from './judge.js';
import { play } from './play.js';
import { readRecordings } from './recordings.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../test/recordings');
const recordings = readRecordings(folder);
const { notifications } = defaultConfig();

/** It computes for ten seconds and more, and may get a tenth of a processor for it. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let hour: Day;
beforeAll(() => {
  hour = makeDay(recordings, { length_ms: 3_600_000, desks: 6, pause_ms: [5_000, 60_000], seed: 1 });
});

function judged(day: Day, self_reported: boolean): Judged {
  const played = play(day.observations, { notifications, self_reported });
  const telling = self_reported ? speakers(hour.observations, day.truth) : new Set<number>();
  return judge(day.truth, played, { min_work_ms: notifications.min_work_seconds * 1000, telling });
}

describe('an hour at six desks', () => {
  it('has no wrong state and no wrong popup', () => {
    const { right, transitions, faults, popups } = judged(hour, true);
    expect({ faults, wrong: popups.wrong, missing: popups.missing }).toEqual({
      faults: [],
      wrong: [],
      missing: [],
    });
    expect(right).toBe(transitions);
    expect(popups.due).toBeGreaterThan(50);
  });

  it('has none either by terminal activity alone', () => {
    const { faults, popups } = judged(hour, false);
    expect({ faults, wrong: popups.wrong, missing: popups.missing }).toEqual({
      faults: [],
      wrong: [],
      missing: [],
    });
  });
});

describe('the judge', () => {
  it('sees a popup that is not due, one that is missing, and a session that is none', () => {
    const day = hour;
    const asking = day.truth.find(({ reason }) => reason === 'approval')!;
    const truth = day.truth.map(one => (one === asking ? { ...one, state: 'WORKING' as const } : one));
    const lied = judged({ ...day, truth }, true);
    expect(lied.popups.wrong.join()).toContain(`[${asking.pid}] approval`);
    expect(lied.faults.join()).toContain('said WAITING approval');

    const words = ['registry', 'transcript', 'osc'];
    const observations = day.observations.filter(({ type }) => !words.includes(type));
    const deaf = judged({ ...day, observations }, true);
    expect(deaf.popups.missing.length).toBeGreaterThan(0);

    const strangers = judged({ ...day, truth: day.truth.filter(({ pid }) => pid !== asking.pid) }, true);
    expect(strangers.faults).toContain(`${asking.agent}[${asking.pid}] is no session`);
  });
});
