import { outliveTerminal } from '../lib/process/tty-hang-up.js';
import { onUncaught } from '../lib/process/uncaught.js';
import { printable } from '../lib/text/printable.js';
import { CANNOT } from './command.js';
import { processIo } from './io.js';
import { run } from './run.js';

outliveTerminal();

// Whoever reads may stop reading: `vigil events --follow | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 2);
  });
}

// A bug, where no command waited for what went wrong.
onUncaught({
  thrown: error => {
    process.stderr.write(
      `vigil: an error of vigil itself: ${messageOf(error)} (VIGIL_DEBUG=1 shows where)\n`,
    );
    if ((process.env.VIGIL_DEBUG ?? '') !== '' && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    process.exit(CANNOT);
  },
});

process.exitCode = await run(process.argv.slice(2), processIo());

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 500);
}
