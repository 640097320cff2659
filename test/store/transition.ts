import type { Transition } from '../../src/model/agent.js';

export function transition(
  time_ms: number,
  to: Transition['to'],
  more: Partial<Transition> = {},
): Transition {
  return {
    time_ms,
    pid: 1000,
    agent: 'claude-code',
    from: 'UNKNOWN',
    to,
    reason: null,
    evidence: { source: 'registry', text: 'registry says so', time_ms },
    ending: null,
    tty: 'pts/0',
    cwd: '/home/me/shop0',
    ...more,
  };
}
