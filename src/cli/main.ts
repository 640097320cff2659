import { outliveTerminal } from '../closed-terminal.js';
import { processIo } from './io.js';
import { run } from './run.js';

outliveTerminal();

// Whoever reads may stop reading: `vigil events --follow | head -1`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 2);
  });
}

process.exitCode = await run(process.argv.slice(2), processIo());
