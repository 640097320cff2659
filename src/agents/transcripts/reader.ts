import type { FileTree } from '../../lib/files/file-tree.js';
import type { InsideView } from '../../lib/proc/namespaces.js';
import type { Clock } from '../../lib/time/time.js';
import type { Mode } from '../../model/agent.js';
import type { Observation } from '../../model/observation.js';

/** Reads what one agent says of itself in its own files, for as long as its session lives. */
export interface AgentFileReader {
  start(): void;
  close(): void;
}

export interface ReaderContext {
  session: {
    pid: number;
    uid: number;
    cwd: string | null;
    start_ticks: number;
    started_ms: number;
    session_id: string | null;
    /** Default: on a terminal. */
    mode?: Mode;
  };
  /** Where this agent keeps its files. */
  folder: string;
  /** Where that path leads: for an agent in a container, there. Default: where it leads vigil. */
  tree?: FileTree;
  /** How the agent sees itself, where that differs: see InsideView. */
  inside?: Pick<InsideView, 'pid' | 'ticks_offset'>;
  emit(observation: Observation): void;
  clock: Pick<Clock, 'now' | 'wallTime'>;
  log(fields: Record<string, unknown>, message: string): void;
}

/** Where an agent type keeps files that tell its state, and what reads them. */
export interface AgentFiles {
  /**
   * The environment variable that names the folder, or one above it, and where it is else, below the home. `project`: it is
   * the directory in which the agent was started.
   */
  folder: { variable: string; below_variable?: string; below_home: string } | 'project';
  /** They tell of conversations in other programs; a terminal tells more. */
  only_conversations?: boolean;
  open(context: ReaderContext): AgentFileReader;
}

/** Runs `action` at once and then at most every `interval_ms`, however often it is asked, also by itself; never loses the last. */
export function throttled(interval_ms: number, action: () => void): { (): void; cancel(): void } {
  let timer: NodeJS.Timeout | null = null;
  let asked = false;
  const run = () => {
    if (timer !== null) {
      asked = true;
      return;
    }
    timer = setTimeout(() => {
      timer = null;
      if (!asked) return;
      asked = false;
      run();
    }, interval_ms).unref();
    action();
  };
  return Object.assign(run, {
    cancel: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      asked = false;
    },
  });
}
