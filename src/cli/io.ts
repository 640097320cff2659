import { createInterface } from 'node:readline';
import { onReaderGone } from '../lib/process/reader-gone.js';

/** What a command line program has to do with the world, so that tests can be the world. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  /** Columns of the terminal that standard output is; null when it is none: nothing is cut then. */
  columns: number | null;
  color: boolean;
  now(): number;
  home: string | null;
  /** The answer to a question, without its newline; null: nobody is there to answer. */
  ask(question: string): Promise<string | null>;
  /** What is printed from here on has no end: the program ends when nobody reads it any more, though nothing is printed. */
  endWithReader(): void;
}

async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D closes it without an answer.
    return await new Promise(resolve => {
      lines.on('close', () => resolve(null));
      lines.question(question, resolve);
    });
  } finally {
    lines.close();
  }
}

export function processIo(): Io {
  const { stdout, stderr, env } = process;
  const tty = stdout.isTTY === true;
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    env,
    columns: tty ? stdout.columns || 80 : null,
    color: tty && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    now: Date.now,
    home: env.HOME || null,
    ask: question => ask(question),
    endWithReader: () => void onReaderGone(stdout.fd, () => process.exit(0)),
  };
}
