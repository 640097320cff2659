import type { Entrance } from '../entrance.js';
import { type Cast, childOf, HOSTILE_UID, type Stage } from '../stage.js';

function files(name: string, what: 'transcript' | 'registry'): Entrance {
  return {
    name,
    async prepare({ stage }) {
      const agent: Cast = stage.agent();
      const pid = await childOf(agent.pid);
      return async () => {
        const cast = stage.python('files-flood.py', [what, String(pid), home(stage)], HOSTILE_UID);
        return { end: () => cast.end() };
      };
    },
  };
}

const home = (stage: Stage) => stage.home(HOSTILE_UID);

/** A transcript that grows by hundreds of megabytes a second, some lines of it without an end. */
export const transcripts = files('transcripts', 'transcript');

/** A session's own file, rewritten without pause, among 50,000 others, and at times a terabyte long. */
export const registry = files('registry', 'registry');
