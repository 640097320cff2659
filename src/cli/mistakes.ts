import { nearest } from '../lib/text/nearest.js';
import { type CliCommand, fixedWords, GLOBAL_OPTIONS } from './command.js';

/** What is wrong with a command line, and what was probably meant. */

/** `commands`: those that begin with the first word. Null: that is not what is wrong. */
export function noSuchCommand(
  words: readonly string[],
  commands: readonly CliCommand[],
  firstWords: ReadonlySet<string>,
): string | null {
  const count = commands.length === 0 ? 1 : 2;
  const named = words.slice(0, count);
  if (commandNamed(commands, words) !== undefined || named.some(word => word.startsWith('-'))) return null;
  if (named.length < count) return null;
  const known = count === 1 ? [...firstWords] : commands.map(({ usage }) => fixedWords(usage).join(' '));
  const text = named.join(' ');
  return `there is no command "${text}"${didYouMean(nearest(text, known))}`;
}

/** What yargs says, in our words. `command`: the one that the line names. */
export function mistakeText(said: string, command: CliCommand, words: readonly string[]): string {
  const missing = /^Not enough non-option arguments: got (\d+)/.exec(said);
  if (missing !== null) {
    const needed = command.usage.match(/<\w+>/g) ?? [];
    return `${needed.slice(Number(missing[1])).join(' ')} is missing: vigil ${command.usage}`;
  }
  const unknown = /^Unknown arguments?: (.*)$/s.exec(said);
  if (unknown === null) return said;
  const known = Object.keys({ ...GLOBAL_OPTIONS, ...command.options });
  // An option is named twice where camelCase is another name for it.
  const names = unknown[1]!.split(', ');
  const extra = words.filter(word => names.includes(word));
  const options = names.filter(
    (name, i) => !words.includes(name) && !names.slice(0, i).some(other => camelCase(other) === name),
  );
  return [
    ...(extra.length === 0 ? [] : [`${quoted(extra)}: too much for vigil ${command.usage}`]),
    ...options.map(name => `unknown option ${dashed(name)}${didYouMean(nearest(name, known), '--')}`),
  ].join('\n');
}

/** A `*` that the shell took for files may be many. */
function quoted(words: readonly string[]): string {
  const shown = words.slice(0, 3).map(word => `"${word}"`);
  return `${shown.join(', ')}${words.length > 3 ? ` and ${words.length - 3} more` : ''}`;
}

/** The command whose words the line begins with, the one with the most of them. */
export function commandNamed(
  commands: readonly CliCommand[],
  words: readonly string[],
): CliCommand | undefined {
  return commands
    .filter(({ usage }) => fixedWords(usage).every((word, i) => words[i] === word))
    .sort((a, b) => fixedWords(b.usage).length - fixedWords(a.usage).length)[0];
}

function didYouMean(meant: string | undefined, dashes = ''): string {
  return meant === undefined ? '' : `: did you mean ${dashes}${meant}?`;
}

function dashed(name: string): string {
  return [...name].length === 1 ? `-${name}` : `--${name}`;
}

/** As yargs names an option a second time. */
export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
