import type { Entrance } from '../entrance.js';

/** Two loops of processes that start, execute with long arguments, and end. */
export const kernelStream: Entrance = {
  name: 'kernel: starts and ends',
  async prepare({ stage }) {
    const program = stage.compile('churn');
    return async () => {
      const loops = [stage.start(program, []), stage.start(program, [])];
      return {
        async end() {
          const made = await Promise.all(loops.map(async loop => Number(await loop.end())));
          return `${made[0]! + made[1]!} processes`;
        },
      };
    };
  },
};
