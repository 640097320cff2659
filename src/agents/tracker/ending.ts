import { isOomDaemon } from '../../lib/process/inits.js';
import type { Ending, Evidence, ExitReason } from '../../model/agent.js';
import { evidence, type Session } from './session.js';

/** Why it ended, and how we know. */
export function describeEnding(
  session: Session,
  ending: Ending,
  time_ms: number,
): { reason: ExitReason; evidence: Evidence } {
  const { code, signal, sender } = ending;
  if (session.signals.oom_ms !== null) {
    return {
      reason: 'oom',
      evidence: evidence('lifecycle', 'the kernel killed it for want of memory', time_ms),
    };
  }
  if (signal !== null && sender !== null && isOomDaemon(sender.comm)) {
    const text = `${sender.comm} (${sender.pid}) ended it because memory ran short`;
    return { reason: 'oom', evidence: evidence('lifecycle', text, time_ms) };
  }
  if (signal !== null) {
    const from = sender === null ? '' : ` from ${sender.comm} (${sender.pid})`;
    return { reason: 'signal', evidence: evidence('lifecycle', `ended by signal ${signal}${from}`, time_ms) };
  }
  if (code !== null)
    return { reason: 'exit', evidence: evidence('lifecycle', `exited with code ${code}`, time_ms) };
  return { reason: 'exit', evidence: evidence('procfs', 'it is no longer there', time_ms) };
}
