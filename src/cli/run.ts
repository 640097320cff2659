import { ApiError } from '../api/client/index.js';
import { printable } from '../lib/text/printable.js';
import { CANNOT, type CliCommand, fixedWords, OK, PROBLEM, UsageError } from './command.js';
import { allCommands, commandsOf, FIRST_WORDS } from './commands/index.js';
import type { Io } from './io.js';
import { commandNamed, mistakeText, noSuchCommand } from './mistakes.js';
import { plainLine } from './plain-line.js';

/** Arguments to exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === '--complete') {
    const { complete } = await import('./completion/complete.js');
    const found = await complete(await allCommands(), argv.slice(1), io);
    for (const { word, describe } of found) io.out(`${word}\t${describe}\n`);
    return OK;
  }
  const implied = isBare(argv);
  const words = implied ? ['daemon', ...argv] : argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  const commands = await commandsOf(words[0] ?? '');
  try {
    const plain = plainLine(commands, words);
    if (plain === null) return await parse(commands, words, { implied }, io);
    return await plain.command.run({ ...plain.args, implied } as CommandArgs, io);
  } catch (error) {
    return report(error, commandNamed(commands, words), io);
  }
}

type CommandArgs = Parameters<CliCommand['run']>[0];

/** For what asks for help, or is wrong, or says it in another way. Loading yargs takes as long as starting Node.js. */
async function parse(
  commands: readonly CliCommand[],
  words: readonly string[],
  { implied }: { implied: boolean },
  io: Io,
): Promise<number> {
  const { buildParser } = await import('./parser.js');
  const wrong = noSuchCommand(words, commands, FIRST_WORDS);
  if (wrong !== null) throw new UsageError(wrong);
  // The others would say nothing about it, neither in the help nor in an error.
  const known = commands.length > 0 ? commands : await allCommands();
  let chosen = async (): Promise<number> => OK;
  const parser = buildParser(known, io.columns ?? 100, (command, args) => {
    chosen = () => command.run({ ...args, implied }, io);
  });
  // Help, version and completions come as text; nothing is printed behind our back.
  let text = '';
  try {
    await parser.parseAsync([...words], {}, (_error: unknown, _args: unknown, output: string) => {
      text = output;
    });
  } catch (error) {
    const command = commandNamed(commands, words) ?? commands[0];
    if (!(error instanceof UsageError) || command === undefined) throw error;
    throw new UsageError(mistakeText(error.message, command, words));
  }
  if (text !== '') io.out(text.endsWith('\n') ? text : `${text}\n`);
  return chosen();
}

/** `vigil`, perhaps with options, means the daemon; what asks for words about vigil does not. */
function isBare(argv: readonly string[]): boolean {
  const asks = ['-h', '--help', '--version'];
  if (argv.length > 0 && !argv[0]!.startsWith('-')) return false;
  return !argv.some(word => asks.includes(word) || FIRST_WORDS.has(word));
}

/** A line for each thing that is wrong; stacks only for those who debug. */
function report(error: unknown, command: CliCommand | undefined, io: Io): number {
  const text = error instanceof Error ? error.message : String(error);
  for (const line of text.split('\n')) if (line !== '') io.err(`vigil: ${printable(line, 2000)}\n`);
  const asked = command === undefined ? [] : fixedWords(command.usage);
  if (error instanceof UsageError) io.err(`vigil: see ${['vigil', ...asked, '--help'].join(' ')}\n`);
  if ((io.env.VIGIL_DEBUG ?? '') !== '' && error instanceof Error) io.err(`${error.stack}\n`);
  return error instanceof ApiError && error.code === 'not_found' ? PROBLEM : CANNOT;
}
