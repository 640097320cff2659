import { COMMANDS } from '../../src/api/commands/map.js';
import type { Stream } from '../../src/api/streams/stream.js';
import type { Work } from '../../src/lib/time/in-turns.js';
import { strictly } from './schemas.js';

/**
 * From here on each answer of a command, and each message of a stream, must be as its schema says, no field more and none
 * less: else the request fails, as it does in a fault of vigil.
 */

/** Tests that ask thousands of times are not about what is answered. */
const MOST = 100;

const streams = new Set<Stream>();
for (const [name, command] of COMMANDS) {
  const run = command.run.bind(command);
  let checked = 0;
  const check = <T>(answer: T): T => {
    if (checked++ < MOST) strictly(command.result, answer, `the answer of ${name}`);
    return answer;
  };
  const paced = {
    quick: (answer: unknown) => check(answer),
    queued: (answer: unknown) => (answer as Promise<unknown>).then(check),
    *stepwise(answer: unknown): Work<unknown> {
      return check(yield* answer as Work<unknown>);
    },
  }[command.pace];
  command.run = (...args) => paced(run(...args));
  if (command.subscribe !== undefined) streams.add(command.subscribe.stream);
}

for (const stream of streams) {
  const open = stream.open.bind(stream);
  stream.open = (services, send) =>
    open(services, of =>
      send(viewer => {
        const message = of(viewer);
        if (message !== null) strictly(stream.message, message, `a message of ${stream.name}`);
        return message;
      }),
    );
}
