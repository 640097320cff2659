import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

const TERMINALS = 40;
const A_SECOND = 10_000;

/** Agents that set 10,000 window titles a second. */
export const titles: Entrance = {
  name: 'terminals: titles',
  async prepare({ stage }) {
    const program = stage.compile('titles', 'claude');
    return async () => {
      const cast = stage.start(program, [String(TERMINALS), String(A_SECOND)], HOSTILE_UID);
      return { end: async () => `${await cast.end()} titles on ${TERMINALS} terminals` };
    };
  },
};
