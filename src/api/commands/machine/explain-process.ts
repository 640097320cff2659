import { z } from 'zod';
import { maySee } from '../../../model/viewer.js';
import { RequestError } from '../../protocol.js';
import { explainedSchema, promptSchema } from '../../reports/explanation.js';
import { defineCommand, USERS } from '../definition.js';
import { latestFor, mustHaveLooked } from './latest.js';

export const explainProcess = defineCommand({
  name: 'explain_process',
  description: 'what a process is, where it came from, and what could be done about it',
  access: USERS,
  pace: 'queued',
  params: z.strictObject({
    pid: z.int().min(1),
    prompt: z
      .boolean()
      .default(false)
      .describe('instead of an explanation, exactly what a model would be sent'),
  }),
  result: z.union([explainedSchema, promptSchema]),
  run: async (services, { pid, prompt }, caller) => {
    mustHaveLooked(services);
    const process = latestFor(services, caller).processes.find(candidate => candidate.pid === pid);
    // Somebody else's process and no process at all look the same.
    if (process === undefined || !maySee(caller.viewer, process.uid))
      throw new RequestError('not_found', `there is no process ${pid} that vigil knows, or it is not yours`);
    const { explanations } = services;
    return prompt
      ? explanations.prompt({ kind: 'process', pid }, caller.viewer)
      : explanations.explainProcess(pid, caller.viewer, caller.inTurns);
  },
});
