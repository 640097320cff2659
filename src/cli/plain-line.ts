import type { Options } from 'yargs';
import { type CliCommand, fixedWords, GLOBAL_OPTIONS } from './command.js';
import { camelCase, commandNamed } from './mistakes.js';

/** Command lines that can be read in one way only. For all others, and for every mistake, there is yargs. */

export interface PlainLine {
  command: CliCommand;
  /** As yargs gives them, by the names of the definition and in camelCase. */
  args: Readonly<Record<string, unknown>> & { positional: Record<string, string> };
}

type OptionMap = Readonly<Record<string, Options>>;

/** What is said of an option that has no meaning but this one; with anything else it is yargs' business. */
const UNDERSTOOD = new Set(['type', 'describe', 'default', 'alias', 'choices', 'requiresArg']);

/**
 * The command that is asked for, and its arguments, when the words are: those of the command, its positionals, and
 * options by their full names or letters with separate values. Null: somebody else has to say what it means.
 */
export function plainLine(commands: readonly CliCommand[], words: readonly string[]): PlainLine | null {
  const command = commandNamed(commands, words);
  if (command === undefined) return null;
  const options: OptionMap = { ...GLOBAL_OPTIONS, ...command.options };
  const rest = words.slice(fixedWords(command.usage).length);
  const read = isSimple(options) ? readWords(options, rest) : null;
  const positional = read === null ? null : positionals(command, read.others);
  if (read === null || positional === null) return null;
  const args: Record<string, unknown> = { positional };
  for (const [name, { default: usual }] of Object.entries(options)) {
    const value = read.given.has(name) ? read.given.get(name) : usual;
    if (value === undefined) continue;
    args[name] = value;
    args[camelCase(name)] = value;
  }
  return { command, args: args as PlainLine['args'] };
}

function isSimple(options: OptionMap): boolean {
  return Object.values(options).every(
    option =>
      Object.keys(option).every(key => UNDERSTOOD.has(key)) &&
      (option.type === 'boolean' || option.type === 'string' || option.choices !== undefined),
  );
}

function readWords(options: OptionMap, words: readonly string[]) {
  const given = new Map<string, string | boolean>();
  const others: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!isPlain(word)) return null;
    if (!word.startsWith('-')) {
      others.push(word);
      continue;
    }
    const name = optionNamed(options, word);
    if (name === undefined || given.has(name)) return null;
    const value = optionValue(options[name]!, words[i + 1]);
    if (value === null) return null;
    given.set(name, value);
    if (value !== true) i++;
  }
  return { given, others };
}

/** Quotes and empty words mean something to yargs. */
function isPlain(word: string): boolean {
  return word !== '' && !/['"]/.test(word);
}

function optionNamed(options: OptionMap, word: string): string | undefined {
  return Object.keys(options).find(
    name => word === `--${name}` || [options[name]!.alias ?? []].flat().some(letter => word === `-${letter}`),
  );
}

/** Null: not as it must be. */
function optionValue({ type, choices }: Options, next: string | undefined): string | boolean | null {
  // yargs takes these for the value.
  if (type === 'boolean') return next === 'true' || next === 'false' ? null : true;
  if (next === undefined || !isPlain(next) || next.startsWith('-')) return null;
  return choices === undefined || choices.includes(next) ? next : null;
}

/** By their names, those that are left out empty. Null: there are too many, or too few. */
function positionals(command: CliCommand, words: readonly string[]): Record<string, string> | null {
  const names = Object.entries(command.positionals);
  const needed = command.usage.match(/</g)?.length ?? 0;
  if (words.length < needed || words.length > names.length) return null;
  if (names.some(([, { type }]) => type !== 'string')) return null;
  return Object.fromEntries(names.map(([name], i) => [name, words[i] ?? '']));
}
