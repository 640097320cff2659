import { rmSync } from 'node:fs';
import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

/** A session bus that speaks without end, before and after it lets one in. */
export const sessionBus: Entrance = {
  name: 'session bus',
  async prepare({ stage }) {
    stage.home(HOSTILE_UID);
    const bus = `/run/user/${HOSTILE_UID}/bus`;
    rmSync(bus, { force: true });
    const cast = stage.python('hostile-bus.py', [bus], HOSTILE_UID);
    return async () => {
      stage.agent();
      return { end: () => cast.end() };
    };
  },
};
