import type { Step } from '../../lab/api/script.js';
import type { TruthEntry } from '../../lab/truth.js';

/** What the person does next. Each is answered when the agent waits again, or is gone. */
export type Command =
  | { do: 'prompt'; text: string; steps: Step[] }
  /** The first choice of a dialog is yes. */
  | { do: 'accept' }
  | { do: 'exit' }
  /** Ends whatever is left and the player itself. */
  | { do: 'end' };

export interface Answer {
  /** Of the agent. */
  pid: number;
  /** e.g. /dev/pts/0 */
  tty: string;
  /** What became true since the last answer. */
  truth: TruthEntry[];
  error?: string;
}
