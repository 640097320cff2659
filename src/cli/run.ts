import { ApiError } from '../api/client/index.js';
import { printable } from '../lib/text/printable.js';
import { CANNOT, type CliCommand, OK, PROBLEM, UsageError } from './command.js';
import { COMMANDS } from './commands/index.js';
import { complete } from './completion/complete.js';
import type { Io } from './io.js';

/** Arguments to exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === '--complete') {
    const found = await complete(COMMANDS, argv.slice(1), io);
    for (const { word, describe } of found) io.out(`${word}\t${describe}\n`);
    return OK;
  }
  // Only here: yargs takes longer to load than a shell wants to wait at each TAB.
  const { buildParser } = await import('./parser.js');
  const implied = isBare(argv);
  const words = implied ? ['daemon', ...argv] : [...argv];
  // The others would say nothing about it, neither in the help nor in an error.
  const asked = COMMANDS.filter(command => firstWord(command) === words[0]);
  let chosen = async (): Promise<number> => OK;
  const parser = buildParser(asked.length > 0 ? asked : COMMANDS, io.columns ?? 100, (command, args) => {
    chosen = () => command.run({ ...args, implied }, io);
  });
  try {
    // Help, version and completions come as text; nothing is printed behind our back.
    let text = '';
    await parser.parseAsync(words, {}, (_error: unknown, _args: unknown, output: string) => {
      text = output;
    });
    if (text !== '') io.out(text.endsWith('\n') ? text : `${text}\n`);
    return await chosen();
  } catch (error) {
    return report(error, io);
  }
}

/** `vigil`, perhaps with options, means the daemon; what asks for words about vigil does not. */
function isBare(argv: readonly string[]): boolean {
  const first = new Set(COMMANDS.map(firstWord));
  const asks = ['--help', '--version'];
  if (argv.length > 0 && !argv[0]!.startsWith('-')) return false;
  return !argv.some(word => asks.includes(word) || first.has(word));
}

function firstWord({ usage }: CliCommand): string {
  return usage.split(' ', 1)[0]!;
}

/** A line for each thing that is wrong; stacks only for those who debug. */
function report(error: unknown, io: Io): number {
  const text = error instanceof Error ? error.message : String(error);
  for (const line of text.split('\n')) if (line !== '') io.err(`vigil: ${printable(line, 2000)}\n`);
  if (error instanceof UsageError) io.err('vigil: see vigil --help\n');
  if ((io.env.VIGIL_DEBUG ?? '') !== '' && error instanceof Error) io.err(`${error.stack}\n`);
  return error instanceof ApiError && error.code === 'not_found' ? PROBLEM : CANNOT;
}
