import { z } from 'zod';
import { durationText } from '../../../lib/text/amounts.js';
import { printable } from '../../../lib/text/printable.js';
import { shellWord } from '../../../lib/text/shell-word.js';
import type { KeptEvent } from '../../engine/history.js';
import { defineRule } from '../../engine/rule.js';
import { minutes } from '../../engine/settings.js';
import { partSubject } from '../../wording/subjects.js';

type Failure = Extract<KeptEvent, { type: 'unit_failed' }>;

/** A unit of systemd that fails, is started again, and fails: once is an accident, three times is a loop. */
export const unitFailing = defineRule({
  id: 'unit_failing',
  about: 'A unit of systemd that fails again and again.',
  keys: {
    failures: z.int().min(1).max(1000).default(3).describe('So many failures'),
    window_minutes: minutes(10, 'within this time.'),
  },
  figures: ({ failures, window_minutes }) => ({
    fires: `a unit failed ${failures} times in ${window_minutes} min`,
    lasts_s: 0,
    ends: 'fewer',
    clear_s: 30,
    severity: 'high',
  }),
  check(history, now_ms, { failures, window_minutes }) {
    const window_ms = window_minutes * 60_000;
    const byUnit = new Map<string, Failure[]>();
    for (const event of history.events) {
      if (event.type !== 'unit_failed' || now_ms - event.time_ms > window_ms) continue;
      const key = keyOf(event);
      const known = byUnit.get(key);
      if (known === undefined) byUnit.set(key, [event]);
      else known.push(event);
    }
    return [...byUnit].flatMap(([key, events]) => {
      if (events.length < failures) return [];
      const { unit, uid } = events[0]!;
      const name = printable(unit, 120);
      return {
        key,
        severity: 'high' as const,
        holds: true,
        for_ms: 0,
        clear_ms: 30_000,
        subject: partSubject('unit', unit, uid),
        title: `${name}${uid === null ? '' : ` of uid ${uid}`} fails again and again`,
        text: `It failed ${events.length} times within ${durationText(window_ms)} (threshold ${failures}), last with the result "${printable(events.at(-1)!.result, 60)}".`,
        suggestion: `Its last words: \`journalctl ${uid === null ? '-u' : '--user-unit'} ${shellWord(unit)} -n 50\`.`,
        numbers: { failures: events.length, threshold: failures, window_ms },
      };
    });
  },
});

/** A user's unit may be called as one of the system's, whose name never holds a slash. */
function keyOf({ unit, uid }: Failure): string {
  return uid === null ? unit : `user@${uid}/${unit}`;
}
