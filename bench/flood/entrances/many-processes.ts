import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

/** So many processes that come at once, and stay. */
export const manyProcesses = (count: number): Entrance => ({
  name: `${count.toLocaleString('en')} processes`,
  async prepare({ stage }) {
    const program = stage.compile('bench/scan/sleepers.c', 'sleepers');
    return async () => {
      const cast = stage.start(program, [String(count)], HOSTILE_UID);
      return {
        async end() {
          cast.child.kill('SIGKILL'); // its children go with it
          await cast.end();
          return `${count} processes`;
        },
      };
    };
  },
});
