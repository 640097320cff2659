import type { Vigil } from '../../test/lab/vigil.js';
import type { Stage } from './stage.js';

export interface Place {
  stage: Stage;
  /** Of the daemon: its run/, state/, config.toml and log. */
  dir: string;
  socket: string;
}

export interface Running extends Place {
  vigil: Vigil;
  /** Its pid. */
  daemon: number;
}

/** What comes in until it is ended. */
export interface Flood {
  /** Stops it, and says in words how much it was. */
  end(): Promise<string>;
}

/** A way in which somebody else's bytes or processes reach vigil. One file each. */
export interface Entrance {
  name: string;
  /** Before the daemon starts. */
  setup?(place: Place): Promise<{ config?: string; wrap?: readonly string[] }>;
  /** With the daemon, before its rest is measured; returns what opens the entrance. */
  prepare(running: Running): Promise<() => Promise<Flood>>;
}
