import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

const RUNNING = 2_000;

/** A user's processes multiply, and all of them want a processor. */
export const forkBomb: Entrance = {
  name: 'fork bomb',
  async prepare({ stage, vigil }) {
    const program = stage.compile('bomb');
    return async () => {
      const began_ms = Date.now();
      const cast = stage.start(program, [String(RUNNING)], HOSTILE_UID);
      return {
        async end() {
          cast.child.kill('SIGKILL'); // its children go with it
          await cast.end();
          const told = vigil.heard.find(({ event }) => (event as { type: string }).type === 'alert_opened');
          const after =
            told === undefined
              ? 'no alert'
              : `told after ${((told.arrived_ms - began_ms) / 1000).toFixed(1)} s`;
          return `${RUNNING} running processes, ${after}`;
        },
      };
    };
  },
};
