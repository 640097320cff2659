import type { Entrance } from '../entrance.js';
import { HOSTILE_UID } from '../stage.js';

/** A user drives his own helper: forged log lines, rubbish, and a line without end, into both of its outputs. */
export const helperStdio: Entrance = {
  name: "helper's stdio",
  async prepare({ stage, vigil }) {
    stage.agent();
    return async () => {
      const pid = (await vigil.health()).helpers.find(({ uid }) => uid === HOSTILE_UID)?.pid;
      if (pid === undefined || pid === null) throw new Error('no helper was started');
      const cast = stage.python('helper-flood.py', [String(pid)], HOSTILE_UID);
      return { end: () => cast.end() };
    };
  },
};
