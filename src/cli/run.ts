import { ApiError } from '../api/client.js';
import { printable } from '../text/printable.js';
import { CANNOT, OK, PROBLEM, UsageError } from './command.js';
import { COMMANDS } from './commands/index.js';
import type { Io } from './io.js';
import { buildParser } from './parser.js';

/** Arguments to exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code = OK;
  const parser = buildParser(COMMANDS, io.columns ?? 100, async (command, args) => {
    code = await command.run(args, io);
  });
  try {
    // Help, version and completions come as text; nothing is printed behind our back.
    let text = '';
    await parser.parseAsync([...argv], {}, (_error: unknown, _args: unknown, output: string) => {
      text = output;
    });
    if (text !== '') io.out(text.endsWith('\n') ? text : `${text}\n`);
    return code;
  } catch (error) {
    return report(error, io);
  }
}

/** A line for each thing that is wrong; stacks only for those who debug. */
function report(error: unknown, io: Io): number {
  const text = error instanceof Error ? error.message : String(error);
  for (const line of text.split('\n')) if (line !== '') io.err(`vigil: ${printable(line, 2000)}\n`);
  if (error instanceof UsageError) io.err('vigil: see vigil --help\n');
  if ((io.env.VIGIL_DEBUG ?? '') !== '' && error instanceof Error) io.err(`${error.stack}\n`);
  return error instanceof ApiError && error.code === 'not_found' ? PROBLEM : CANNOT;
}
