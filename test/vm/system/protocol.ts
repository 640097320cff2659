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

/** It works, asks whether it may run something, and once it may, runs it and ends its turn. */
export const RUN_WHEN_ALLOWED: Command = {
  do: 'prompt',
  text: 'run it please',
  steps: [
    {
      do: 'tool',
      tool: 'shell',
      ask: true,
      text: 'I run it.',
      command: 'sleep 3; echo hi >out',
      delay_ms: 6000,
    },
    { do: 'text', text: 'It is done.', delay_ms: 4000 },
  ],
};
