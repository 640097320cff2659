import { iso } from '../../lib/time/time.js';
import type { Message, Post } from './message.js';

/** The change as it is, for programs: `{host, time, type, time_ms, alert}`, secrets taken out. */
export function generic({ change, host }: Message): Post {
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ host, time: iso(change.time_ms), ...change }),
  };
}
