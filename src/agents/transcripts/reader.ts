import type { Clock } from '../../lib/time/time.js';
import type { Observation } from '../../model/observation.js';
import type { Session } from '../tracker/session.js';
import type { AgentHome } from './agent-home.js';

/** Reads what one agent says of itself in its own files, for as long as its session lives. */
export interface WordsReader {
  start(): void;
  close(): void;
}

export interface ReaderContext {
  session: Pick<Session, 'pid' | 'uid' | 'cwd' | 'start_ticks' | 'started_ms'> & {
    session_id: string | null;
  };
  home: AgentHome;
  emit(observation: Observation): void;
  clock: Pick<Clock, 'now' | 'wallTime'>;
  log(fields: Record<string, unknown>, message: string): void;
}

/** Runs `action` at once and then at most every `interval_ms`, however often it is asked; never loses the last. */
export function throttled(interval_ms: number, action: () => void): { (): void; cancel(): void } {
  let timer: NodeJS.Timeout | null = null;
  let asked = false;
  const run = () => {
    if (timer !== null) {
      asked = true;
      return;
    }
    action();
    timer = setTimeout(() => {
      timer = null;
      if (asked) {
        asked = false;
        run();
      }
    }, interval_ms);
    timer.unref();
  };
  return Object.assign(run, {
    cancel: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      asked = false;
    },
  });
}
