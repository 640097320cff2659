import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecogniser } from '../../../src/agents/types/index.js';
import type { Observation } from '../../../src/model/observation.js';
import { parseRecording, replay } from '../../../src/standalone/replay.js';
import { facts } from '../facts.js';

const options = {
  wait_threshold_ms: 1000,
  stall_after_ms: 30_000,
  exited_keep_ms: 60_000,
  self_reported: true,
};
const recognise = createRecogniser();

const claude = facts({ exe: '/usr/bin/claude', argv: ['claude'] });
const kinds: fc.Arbitrary<Record<string, unknown>>[] = [
  fc.record({
    type: fc.constant('output'),
    pid: fc.constant(100),
    tty: fc.constant('pts/3'),
    writes: fc.constant(1),
    bytes: fc.integer({ min: 1, max: 4000 }),
  }),
  fc.record({
    type: fc.constant('key'),
    tty: fc.constant('pts/3'),
    bytes: fc.constant(1),
    enter: fc.boolean(),
    escape: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('registry'),
    pid: fc.constant(100),
    entry: fc.record({
      status: fc.constantFrom('busy', 'waiting', 'idle', 'shell', null),
      waiting_for: fc.constant(null),
      start_ticks: fc.constantFrom(5000, 4000),
      session_id: fc.constant(null),
      cwd: fc.constant(null),
      updated_ms: fc.constant(null),
    }),
  }),
  fc.record({
    type: fc.constant('osc'),
    pid: fc.constant(100),
    tty: fc.constant('pts/3'),
    text: fc.string(),
  }),
  fc.record({
    type: fc.constant('fork'),
    ppid: fc.integer({ min: 99, max: 103 }),
    pid: fc.integer({ min: 99, max: 103 }),
  }),
  fc.record({
    type: fc.constant('exit'),
    pid: fc.integer({ min: 99, max: 103 }),
    code: fc.constant(0),
    signal: fc.constant(null),
    sender: fc.constant(null),
  }),
  fc.record({
    type: fc.constant('process'),
    how: fc.constant('exec'),
    process: fc.constantFrom(claude, { ...claude, pid: 101, ppid: 100 }, { ...claude, start_ticks: 7000 }),
  }),
  fc.record({
    type: fc.constant('sensor'),
    terminal: fc.boolean(),
    keys: fc.boolean(),
    lifecycle: fc.constant(true),
  }),
];
const stream = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.oneof(...kinds)), { maxLength: 60 })
  .map(steps => {
    let time_ms = 1_000_000;
    const events: Observation[] = [
      { type: 'sensor', time_ms, terminal: true, keys: true, lifecycle: true },
      { type: 'process', time_ms, how: 'exec', process: claude },
    ];
    for (const [gap_ms, event] of steps) {
      time_ms += gap_ms;
      events.push({ ...event, time_ms } as Observation);
    }
    events.push({ type: 'clock', time_ms: time_ms + 100_000 });
    return events;
  });

describe('replay', () => {
  it('does not depend on how often the clock is looked at', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 50, max: 900 }), (events, every_ms) => {
        const ticking: Observation[] = [];
        for (const event of events) {
          const before_ms = ticking.at(-1)?.time_ms ?? event.time_ms;
          for (let t = before_ms + every_ms; t < event.time_ms; t += every_ms)
            ticking.push({ type: 'clock', time_ms: t });
          ticking.push(event);
        }
        expect(replay(ticking, options, recognise)).toEqual(replay(events, options, recognise));
      }),
      { numRuns: 300 },
    );
  });

  it('never reports the same state twice in a row, and nothing after the end', () => {
    fc.assert(
      fc.property(stream, events => {
        const last = new Map<string, string>();
        for (const t of replay(events, options, recognise)) {
          const state = `${t.to} ${t.reason}`;
          if (t.from === 'UNKNOWN') last.delete(`${t.pid}`);
          expect(state).not.toBe(last.get(`${t.pid}`));
          expect(last.get(`${t.pid}`) ?? '').not.toMatch(/^EXITED/);
          last.set(`${t.pid}`, state);
          if (t.to === 'EXITED') last.delete(`${t.pid}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reads recordings, and says which line is none', () => {
    const good = '{"type":"header","version":1}\n{"type":"clock","time_ms":1}\n\n';
    expect(parseRecording(good)).toEqual([{ type: 'clock', time_ms: 1 }]);
    expect(() => parseRecording(`${good}nonsense`)).toThrow('line 4: not JSON');
    expect(() => parseRecording('{"type":"header","version":9}')).toThrow('version 9');
    expect(() => parseRecording('{"type":"launch","time_ms":1}')).toThrow('line 1: not an observation');
  });
});
