import type { z } from 'zod';
import { nearest } from '../../lib/text/nearest.js';
import { printable } from '../../lib/text/printable.js';
import type { Work } from '../../lib/time/in-turns.js';
import { RequestError } from '../protocol.js';
import type { Services } from '../services.js';
import type { Stream } from '../streams/stream.js';
import type { Caller, Command } from './definition.js';
import { COMMANDS } from './map.js';

/** A request that may be done. */
export interface Prepared {
  /** What the one who asks is sent from `begins` on. */
  stream: Stream | null;
  /**
   * A promise is waited for; other requests are answered meanwhile. `begins` is called when the stream does: at once,
   * or, where an answer is made stepwise, in the moment in which it is whole.
   */
  run(services: Services, begins: () => void): unknown;
}

/** Checks whether there is such a command, whether he may, and what it is asked with. @throws RequestError */
export function prepare(name: string, params: Readonly<Record<string, unknown>>, caller: Caller): Prepared {
  const command = COMMANDS.get(name);
  if (command === undefined) throw new RequestError('unknown_command', unknownCommand(name));
  const { access, subscribe } = command;
  if (access.who !== 'anyone' && caller.viewer.kind === 'none') {
    throw new RequestError(
      'denied',
      'who you are could not be found out, so only ping and health are answered',
    );
  }
  const checked = checkedParams(command, params);
  if (access.who === 'admins' && caller.viewer.kind !== 'all')
    throw new RequestError('denied', access.refusal);
  const subscribes = subscribe !== undefined && (subscribe.when?.(checked) ?? true);
  return {
    stream: subscribes ? subscribe.stream : null,
    run: (services, begins) => {
      if (command.pace === 'stepwise')
        return stepwise(command.run(services, checked, caller) as Work<unknown>, caller, begins);
      begins();
      return command.run(services, checked, caller);
    },
  };
}

/** At once where it is but a little, so that answers come in the order of the questions. */
function stepwise(work: Work<unknown>, { inTurns }: Caller, whole: () => void): unknown {
  const first = work.next();
  if (first.done) {
    whole();
    return first.value;
  }
  return inTurns(
    (function* () {
      yield first.value;
      const answer = yield* work;
      whole();
      return answer;
    })(),
  );
}

function unknownCommand(name: string): string {
  const known = [...COMMANDS.keys()];
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  return `unknown command "${printable(name, 60)}": ${hint}known are ${known.join(', ')}`;
}

function checkedParams({ name, params }: Command, given: unknown): unknown {
  const checked = params.safeParse(given);
  if (!checked.success) throw new RequestError('bad_request', badParams(name, checked.error));
  return checked.data;
}

function badParams(name: string, error: z.ZodError): string {
  const problems = error.issues.map(issue => {
    const path = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
    return `${path}${issue.message}`;
  });
  return printable(`params of ${name}: ${problems.join('; ')}`, 300);
}
