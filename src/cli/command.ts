import type { ArgumentsCamelCase, InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Io } from './io.js';

/** Exit codes of every command. */
export const OK = 0;
/** It answered, and the answer is bad news. */
export const PROBLEM = 1;
/** No answer: not running, wrong usage, a broken config. */
export const CANNOT = 2;

export const GLOBAL_OPTIONS = {
  'runtime-dir': {
    type: 'string',
    requiresArg: true,
    describe: 'Folder of the socket (also VIGIL_RUNTIME_DIR)',
  },
} as const satisfies Record<string, Options>;

type OptionMap = Record<string, Options & { describe: string }>;

export type Args<O extends Record<string, Options>> = ArgumentsCamelCase<
  InferredOptionTypes<O> & InferredOptionTypes<typeof GLOBAL_OPTIONS>
>;

interface Given {
  positional: Readonly<Record<string, string>>;
  /** Nobody named the command: it is what `vigil` alone means. */
  implied: boolean;
}

/** One command: the parser, the help, the completion and the man page are made from this. */
export interface CliCommand<O extends OptionMap = OptionMap> {
  /** e.g. `agents explain <pid>` */
  usage: string;
  describe: string;
  /** More words for the man page, a paragraph each. */
  details: readonly string[];
  positionals: Readonly<Record<string, PositionalOptions & { describe: string }>>;
  options: O;
  /** Answers the exit code. */
  run(args: Args<O> & Given, io: Io): Promise<number>;
}

type Optional = 'details' | 'positionals' | 'options';

/** What is left out is empty. */
export function defineCommand<const O extends OptionMap = Record<never, never>>(
  command: Omit<CliCommand<O>, Optional> & Partial<Pick<CliCommand<O>, Optional>>,
): CliCommand {
  return { details: [], positionals: {}, options: {}, ...command } as unknown as CliCommand;
}

/** The words of a usage that are written as they stand: `agents explain` of `agents explain <pid>`. */
export function fixedWords(usage: string): string[] {
  return usage.split(' ').filter(word => !/[<[]/.test(word));
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}
