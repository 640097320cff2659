import { expect, it } from 'vitest';
import { Bus } from '../../../src/bus.js';
import { EventLog } from '../../../src/daemon/lifecycle/event-log.js';
import { FaultLog } from '../../../src/lib/log/faults.js';
import { createLogger, silentLogger } from '../../../src/lib/log/logger.js';
import type { FinishedAction } from '../../../src/model/action.js';

const finished = {
  id: 7,
  record: {},
  result: { time_ms: 1, outcome: 'done', processes: [], after: null, message: '1 ended after SIGTERM' },
} as unknown as FinishedAction;

it.each([
  ['with a history the end of an action is no warning', false, 'info', 30],
  ['without one it is on record even where only warnings are kept', true, 'warn', 40],
] as const)('%s', (_, isRecord, level, expected) => {
  let log = '';
  const logger = createLogger({ level, format: 'json', write: text => (log += text) });
  const bus = new Bus(new FaultLog(silentLogger()));
  new EventLog(logger, bus, true, isRecord);
  bus.emit('action.finished', finished);
  expect(JSON.parse(log)).toMatchObject({ level: expected, action: 7, outcome: 'done', msg: 'action ended' });
});
