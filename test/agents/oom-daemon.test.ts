import { expect, test } from 'vitest';
import { describeEnding } from '../../src/agents/tracker/ending.js';
import type { Session } from '../../src/agents/tracker/session.js';

test('what earlyoom ended ran out of memory; what a person ended did not', () => {
  const session = { signals: { oom_ms: null } } as Session;
  const ended = (comm: string) =>
    describeEnding(session, { code: null, signal: 15, sender: { pid: 7, comm } } as never, 1_000);
  expect(ended('earlyoom')).toMatchObject({
    reason: 'oom',
    evidence: { text: 'earlyoom (7) ended it because memory ran short' },
  });
  expect(ended('bash')).toMatchObject({ reason: 'signal' });
});
