import { ApiError } from '../api/client.js';
import { printable } from '../text/printable.js';
import { CANNOT, OK, PROBLEM, UsageError } from './command.js';
import { COMMANDS } from './commands/index.js';
import { complete } from './complete.js';
import type { Io } from './io.js';
import { buildParser } from './parser.js';

/** Arguments to exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === '--complete') {
    const found = await complete(COMMANDS, argv.slice(1), io);
    for (const { word, describe } of found) io.out(`${word}\t${describe}\n`);
    return OK;
  }
  const implied = isBare(argv);
  let code = OK;
  const parser = buildParser(COMMANDS, io.columns ?? 100, async (command, args) => {
    code = await command.run({ ...args, implied }, io);
  });
  try {
    // Help, version and completions come as text; nothing is printed behind our back.
    let text = '';
    await parser.parseAsync(
      implied ? ['daemon', ...argv] : [...argv],
      {},
      (_error: unknown, _args: unknown, output: string) => {
        text = output;
      },
    );
    if (text !== '') io.out(text.endsWith('\n') ? text : `${text}\n`);
    return code;
  } catch (error) {
    return report(error, io);
  }
}

/** `vigil`, perhaps with options, means the daemon; what asks for words about vigil does not. */
function isBare(argv: readonly string[]): boolean {
  const first = new Set(COMMANDS.map(({ usage }) => usage.split(' ', 1)[0]));
  const asks = ['--help', '--version'];
  if (argv.length > 0 && !argv[0]!.startsWith('-')) return false;
  return !argv.some(word => asks.includes(word) || first.has(word));
}

/** A line for each thing that is wrong; stacks only for those who debug. */
function report(error: unknown, io: Io): number {
  const text = error instanceof Error ? error.message : String(error);
  for (const line of text.split('\n')) if (line !== '') io.err(`vigil: ${printable(line, 2000)}\n`);
  if (error instanceof UsageError) io.err('vigil: see vigil --help\n');
  if ((io.env.VIGIL_DEBUG ?? '') !== '' && error instanceof Error) io.err(`${error.stack}\n`);
  return error instanceof ApiError && error.code === 'not_found' ? PROBLEM : CANNOT;
}
