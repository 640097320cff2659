import type { Entrance } from '../entrance.js';

/** Each look at it reads it anew, and each exec is a new look. */
const AGENTS = 3;

function hugeArea(name: string, area: 'arg' | 'env', megabytes: number): Entrance {
  return {
    name,
    async prepare({ stage }) {
      const program = stage.compile('bigargv', 'claude');
      return async () => {
        for (let i = 0; i < AGENTS; i++) stage.onTerminal([program, area, String(megabytes)]);
        return { end: async () => `${AGENTS} agents with ${megabytes} MB each` };
      };
    },
  };
}

/** An agent whose arguments lie in a huge, empty mapping. */
export const hugeArguments = hugeArea('argv of 1.5 GB', 'arg', 1500);
export const hugeEnvironment = hugeArea('environ of 1.5 GB', 'env', 1500);
