import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

const SLEEPERS = 5_000;

/** One user's clients that ask without end, beside 5,000 of his processes in the same cgroup. */
export const socket: Entrance = {
  name: 'socket',
  async prepare({ stage, socket: path }) {
    const sleepers = stage.start(
      stage.compile('bench/scan/sleepers.c', 'sleepers'),
      [String(SLEEPERS)],
      HOSTILE_UID,
    );
    return async () => {
      const cast = stage.node('socket-flood.mjs', [path, String(sleepers.pid)], HOSTILE_UID);
      return {
        async end() {
          const [answers, closed] = (await cast.end()).split(' ');
          return `${answers} answers taken, ${closed} connections closed`;
        },
      };
    };
  },
};
