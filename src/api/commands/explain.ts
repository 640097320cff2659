import { z } from 'zod';
import { mayView } from '../socket/peer.js';
import { type CommandContext, command, RequestError } from './definition.js';
import { findAlert } from './find-alert.js';

const prompt = z.boolean().default(false);

/** About why, and what to do. */
export const explainCommands = {
  explain_alert: command({
    /** `prompt`: instead of an explanation, exactly what a model would be sent. */
    params: z.strictObject({ id: z.int().min(1), prompt }),
    open: false,
    run: async ({ id, prompt }, context) => {
      const alert = await findAlert(id, context);
      const { view, sees, inTurns } = context;
      mustHaveLooked(context);
      return prompt
        ? view.promptFor({ kind: 'alert', alert }, sees)
        : view.explainAlert(alert, sees, inTurns);
    },
  }),
  explain_process: command({
    params: z.strictObject({ pid: z.int().min(1), prompt }),
    open: false,
    run: ({ pid, prompt }, context) => {
      mustHaveLooked(context);
      const { view, sees } = context;
      const process = view.machine(sees)?.processes.find(candidate => candidate.pid === pid);
      // Somebody else's process and no process at all look the same.
      if (process === undefined || !mayView(sees, process.uid)) {
        throw new RequestError(
          'not_found',
          `there is no process ${pid} that vigil knows, or it is not yours`,
        );
      }
      return prompt ? view.promptFor({ kind: 'process', pid }, sees) : view.explainProcess(pid, sees);
    },
  }),
};

function mustHaveLooked({ view, sees }: CommandContext): void {
  if (view.machine(sees) === null)
    throw new RequestError('not_ready', 'vigil has not looked at the machine yet: ask again in a moment');
}
