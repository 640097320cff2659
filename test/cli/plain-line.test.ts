import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../src/cli/commands/index.js';
import { buildParser } from '../../src/cli/parser.js';
import { plainLine } from '../../src/cli/plain-line.js';

const COMMANDS = await allCommands();
const firstWord = (usage: string) => usage.split(' ')[0]!;

/** What yargs makes of a line: the command and its arguments; null: help, or a mistake. */
async function byYargs(words: readonly string[]) {
  const commands = COMMANDS.filter(({ usage }) => firstWord(usage) === words[0]);
  let found: { usage: string; args: Record<string, unknown> } | null = null;
  const parser = buildParser(commands, 100, ({ usage }, args) => {
    found = { usage, args };
  });
  let text = '';
  try {
    await parser.parseAsync([...words], {}, (_error: unknown, _args: unknown, output: string) => {
      text = output;
    });
  } catch {
    return null;
  }
  return text === '' ? found : null;
}

/** The options that the definition names, and the positionals: nothing else is read by a command. */
function read({ usage, args }: { usage: string; args: Record<string, unknown> }) {
  const { options, positionals } = COMMANDS.find(command => command.usage === usage)!;
  const names = ['runtime-dir', ...Object.keys(options)];
  const camel = names.map(name => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()));
  const values = Object.fromEntries([...names, ...camel].map(name => [name, args[name]]));
  const given = args.positional as Record<string, string>;
  return { usage, values, positional: Object.keys(positionals).map(name => given[name]) };
}

const words = (line: string) => line.split(' ');
const plain = (line: readonly string[]) => {
  const commands = COMMANDS.filter(({ usage }) => firstWord(usage) === line[0]);
  const found = plainLine(commands, line);
  return found === null ? null : { usage: found.command.usage, args: found.args };
};

describe('a plain command line', () => {
  it.each([
    'agents',
    'agents --json --runtime-dir /run/vigil',
    'agents explain 4711',
    'events -f -n 20',
    'config set actions.mode auto',
    'whitelist add node --type name --reason why',
    'daemon --log-format json',
    'bar tmux -f',
  ])('%s is understood without yargs', line => {
    expect(plain(words(line))).not.toBeNull();
  });

  it.each([
    'agents --help',
    'agents --jsno',
    'agents extra',
    'agents explain',
    'agents --json=true',
    'agents --json false',
    'events -fn 20',
    'events -n',
    'events -n -5',
    'daemon --log-level loud',
    'system --no-children',
    'whitelist',
    'agnts',
    'agents -- --json',
  ])('%s is left to yargs', line => {
    expect(plain(words(line))).toBeNull();
  });

  // Of all that the definitions know, and of what is easily mistaken.
  const vocabulary = [
    ...COMMANDS.flatMap(({ usage }) => usage.split(' ').filter(word => !/[<[]/.test(word))),
    ...COMMANDS.flatMap(({ options }) =>
      Object.entries(options).flatMap(([name, { alias, choices }]) => [
        `--${name}`,
        ...[alias ?? []].flat().map(letter => `-${letter}`),
        ...(choices ?? []).map(String),
      ]),
    ),
    ...[
      '--runtime-dir',
      '--runtimeDir',
      '/nowhere',
      '7',
      '007',
      '1e3',
      '0x10',
      '-1',
      '-',
      '--',
      '',
      'true',
      'false',
    ],
    ...[
      '--json=true',
      '--no-json',
      '--lines=3',
      '-n5',
      '"a"',
      "'",
      'a b',
      'next',
      'a#3',
      '--help',
      '--version',
    ],
  ];
  const line = fc.constantFrom(...COMMANDS).chain(({ usage, options }) => {
    const own = ['--runtime-dir', ...Object.keys(options).map(name => `--${name}`), 'x', '12'];
    const word = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...own) },
      { weight: 1, arbitrary: fc.constantFrom(...vocabulary) },
    );
    const fixed = usage.split(' ').filter(one => !/[<[]/.test(one));
    return fc.array(word, { maxLength: 5 }).map(rest => [...fixed, ...rest]);
  });

  it('means what yargs makes of it', async () => {
    let understood = 0;
    await fc.assert(
      fc.asyncProperty(line, async argv => {
        const found = plain(argv);
        if (found === null) return;
        understood++;
        const wanted = await byYargs(argv);
        expect(wanted).not.toBeNull();
        expect(read(found)).toEqual(read(wanted!));
      }),
      { numRuns: 1_000 },
    );
    expect(understood).toBeGreaterThan(100);
  });
});
