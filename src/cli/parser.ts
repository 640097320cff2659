import yargs, { type Argv } from 'yargs';
import { VERSION } from '../lib/files/package.js';
import { type Args, type CliCommand, fixedWords, GLOBAL_OPTIONS, UsageError } from './command.js';

/** yargs, set up from the definitions of the commands. */

/** Called with the command that was asked for. It is run after the parsing: yargs makes the help for what waits. */
export type Chosen = (command: CliCommand, args: Parameters<CliCommand['run']>[0]) => void;

export function buildParser(commands: readonly CliCommand[], columns: number, chosen: Chosen): Argv {
  let parser = yargs()
    .scriptName('vigil')
    // Everything else that vigil says is English.
    .locale('en')
    .usage('$0 COMMAND: what your AI coding agents are doing, seen from the kernel')
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .options(GLOBAL_OPTIONS)
    .version(VERSION)
    .help()
    .alias('help', 'h')
    .demandCommand(1, 'say what to do: vigil --help lists the commands')
    .strict()
    .wrap(Math.min(columns, 110))
    .exitProcess(false)
    .epilogue('Exits 0 when all is well, 1 when a problem was found, 2 when there is no answer.')
    .fail((message, error) => {
      throw message ? new UsageError(message) : error;
    }) as Argv;
  for (const word of new Set(commands.map(({ usage }) => fixedWords(usage)[0]!))) {
    const command = commands.find(({ usage }) => fixedWords(usage).join(' ') === word);
    parser =
      command === undefined
        ? addGroup(parser, word, commands, chosen)
        : add(parser, command, commands, chosen);
  }
  return parser;
}

/** `agents explain <pid>` stands below `agents`. */
function parentOf(command: CliCommand): string | null {
  const words = fixedWords(command.usage);
  return words.length > 1 ? words[0]! : null;
}

/** Commands with a first word that is none by itself, as `whitelist add`: without more words it is the first of them. */
function addGroup(parser: Argv, group: string, all: readonly CliCommand[], chosen: Chosen): Argv {
  const children = all.filter(one => parentOf(one) === group);
  const names = children.map(({ usage }) => fixedWords(usage)[1]).join(', ');
  return parser.command({
    command: group,
    describe: `${children[0]!.describe} (${names})`,
    builder: (inner: Argv) => {
      let built = inner;
      children.forEach((child, index) => {
        built = add(built, child, all, chosen, index === 0);
      });
      return built;
    },
    handler: () => {},
  }) as Argv;
}

function add(
  parser: Argv,
  command: CliCommand,
  all: readonly CliCommand[],
  chosen: Chosen,
  isDefault = false,
): Argv {
  const parent = parentOf(command);
  const usage = parent === null ? command.usage : command.usage.slice(parent.length + 1);
  return parser.command({
    command: isDefault ? [usage, '$0'] : usage,
    describe: command.describe,
    builder: (inner: Argv) => {
      let built = inner
        .options(command.options)
        .group(Object.keys(command.positionals), 'Positionals:')
        .group(Object.keys(command.options), 'Options:')
        .group([...Object.keys(GLOBAL_OPTIONS), 'help', 'version'], 'Options of every command:') as Argv;
      for (const [name, positional] of Object.entries(command.positionals)) {
        built = built.positional(name, positional) as Argv;
      }
      for (const child of all.filter(one => parentOf(one) === command.usage))
        built = add(built, child, all, chosen);
      return built;
    },
    handler: args => {
      const positional = Object.fromEntries(
        Object.keys(command.positionals).map(name => [name, String(args[name] ?? '')]),
      );
      chosen(command, { ...(args as Args<typeof command.options>), positional, implied: false });
    },
  }) as Argv;
}
